// Events as lines: "time level event key=value ..." or one JSON object. Entry point: write().
// spdlog carries the lines; it is given them whole, so that no text from outside is a format.
#include "app/log.h"

#include <array>
#include <atomic>
#include <memory>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/utc_time.h"
#include "report/json_writer.h"

namespace aka::app::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames{"debug", "info", "warning", "error"};

std::atomic<Level> g_least{Level::info};
std::atomic<Format> g_format{Format::text};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto created = std::make_shared<spdlog::logger>(
        "atlas-key-auditor", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%v");
    created->set_level(spdlog::level::trace);
    created->flush_on(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

/// JSON's string escapes serve both formats: whatever the value holds, it stays one line, and a
/// terminal obeys none of it.
std::string escaped(std::string_view value) {
  std::string text;
  report::JsonWriter(text).text(value);
  return text;
}

bool is_plain(std::string_view value) {
  return value.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@%+*") ==
         std::string_view::npos;
}

}  // namespace

std::string format_line(Format format, std::string_view time, Level level, std::string_view event,
                        std::initializer_list<Field> fields) {
  const std::string_view level_name = kLevelNames[static_cast<std::size_t>(level)];
  const bool json = format == Format::json;
  std::string line =
      json ? fmt::format(R"({{"time":"{}","level":"{}","event":"{}")", time, level_name, event)
           : fmt::format("{} {:<7} {}", time, level_name, event);
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (json) {
      line += fmt::format(R"(,"{}":{})", name, escaped(value));
    } else {
      line += fmt::format(" {}={}", name, is_plain(value) ? value : escaped(value));
    }
  }
  if (json) line += '}';
  return line;
}

void configure(Level least, Format format) {
  g_least = least;
  g_format = format;
}

bool is_written(Level level) { return level >= g_least.load(); }

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!is_written(level)) return;
  const std::string time = base::format_utc(base::system_clock().wall());
  const std::string line = format_line(g_format.load(), time, level, event, fields);
  logger().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace aka::app::log
