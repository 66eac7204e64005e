// The process's own figures, under the names that every Prometheus exporter gives them. Entry
// point: append_process(). Each source is read on its own, so that a locked-down /proc costs only
// the figures it hides.
#include "metrics/process_collector.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include <prometheus/metric_family.h>

#include "metrics/names.h"

namespace aka::metrics {
namespace {

/// The fields of /proc/self/stat that are exported; see proc(5).
struct Stat {
  double user_ticks = 0;
  double system_ticks = 0;
  double threads = 0;
  double start_ticks = 0;  ///< after boot
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The second field is the program's name in parentheses and may hold anything, a `)` too.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  const auto skip = [&](int count) {
    std::string unused;
    while (count-- > 0) fields >> unused;
  };
  Stat stat;
  skip(11);
  fields >> stat.user_ticks >> stat.system_ticks;
  skip(4);
  fields >> stat.threads;
  skip(1);
  fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
  return fields ? std::optional(stat) : std::nullopt;
}

/// Seconds since the Unix epoch.
std::optional<double> read_boot_time() {
  std::ifstream file("/proc/stat");
  std::string name;
  double value = 0;
  while (file >> name) {
    if (name == "btime" && file >> value) return value;
    file.ignore(1 << 20, '\n');
  }
  return std::nullopt;
}

std::optional<double> count_open_fds() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  double count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  // One of them is the directory being read.
  return error ? std::nullopt : std::optional(count - 1);
}

std::optional<double> read_max_fds() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

void append(std::vector<prometheus::MetricFamily>& families, const names::Family& name,
            prometheus::MetricType type, std::optional<double> value) {
  if (!value) return;
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = *value;
  families.push_back({std::string(name.name), std::string(name.help), type, {std::move(metric)}});
}

}  // namespace

void append_process(std::vector<prometheus::MetricFamily>& families) {
  using prometheus::MetricType;
  append(families, names::kOpenFds, MetricType::Gauge, count_open_fds());
  append(families, names::kMaxFds, MetricType::Gauge, read_max_fds());
  const auto stat = read_stat();
  if (!stat) return;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  append(families, names::kCpuSeconds, MetricType::Counter,
         (stat->user_ticks + stat->system_ticks) / ticks);
  append(families, names::kResidentMemory, MetricType::Gauge, stat->resident_pages * page);
  append(families, names::kVirtualMemory, MetricType::Gauge, stat->virtual_bytes);
  append(families, names::kThreads, MetricType::Gauge, stat->threads);
  if (const auto boot = read_boot_time()) {
    append(families, names::kStartTime, MetricType::Gauge, *boot + stat->start_ticks / ticks);
  }
}

}  // namespace aka::metrics
