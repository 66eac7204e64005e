// Times and counts in words. Rough ones: a page that is read again every few seconds should change
// where something happened, not everywhere.
#include "page/words.h"

#include "base/utc_time.h"

namespace aka::page {
namespace {

constexpr base::WallTime kNever{};
constexpr base::Duration kMoment = std::chrono::minutes(1);

std::string to_the_second(base::WallTime time) {
  return base::format_utc(std::chrono::floor<std::chrono::seconds>(time));
}

Markup time_element(base::WallTime time, std::string_view words) {
  const std::string text = to_the_second(time);
  return markup(R"(<time datetime="{}" title="{}">{}</time>)", text, text, words);
}

}  // namespace

std::string rough(base::Duration duration) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): for its units
  if (duration < kMoment) return "less than a minute";
  if (duration < hours(1)) return fmt::format("{} min", duration_cast<minutes>(duration).count());
  if (duration < hours(48)) return fmt::format("{} h", duration_cast<hours>(duration).count());
  return fmt::format("{} days", duration_cast<hours>(duration).count() / 24);
}

Markup ago(base::WallTime time, base::WallTime now) {
  if (time == kNever) return markup("never");
  return time_element(time, now - time < kMoment ? "just now" : rough(now - time) + " ago");
}

Markup ahead(base::WallTime time, base::WallTime now) {
  if (time == kNever) return markup("unknown");
  if (time <= now) return time_element(time, "due");
  return time_element(time, time - now < kMoment ? "within 1 min" : "in " + rough(time - now));
}

Markup instant(base::WallTime time) {
  if (time == kNever) return markup("never");
  return time_element(time, to_the_second(time));
}

Markup badge(std::string_view kind, std::string_view text) {
  return markup(R"(<span class="badge {}">{}</span>)", kind, text);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace aka::page
