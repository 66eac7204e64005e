// What the daemon tells of itself, on prometheus-cpp. What lives as long as the process is in a
// registry; an organization's counters are collected from a list of our own, because a registry
// destroys what it removes, while a poll that is under way may still count.
#include "metrics/daemon_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "metrics/names.h"
#include "metrics/process_collector.h"

namespace aka::metrics {
namespace {

/// These are there, at 0, before the first request, so that an increase is seen from the start.
constexpr std::array kUsualCodes{0, 200, 400, 401, 403, 404, 429, 500, 502, 503, 504};

using Bounds = prometheus::Histogram::BucketBoundaries;

Bounds duration_bounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
}

/// One hundredth of the usual intervals is among them: of 1s, 10s, 1m, 5m, 10m and 1h.
Bounds delay_bounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.6,
          1,     3,      6,     15,   36,    60,   120, 300,  600};
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::Gauge& add_gauge(prometheus::Registry& registry, const names::Family& family,
                             const prometheus::Labels& labels = {}) {
  return prometheus::BuildGauge()
      .Name(std::string(family.name))
      .Help(std::string(family.help))
      .Register(registry)
      .Add(labels);
}

prometheus::Counter& add_counter(prometheus::Registry& registry, const names::Family& family) {
  return prometheus::BuildCounter()
      .Name(std::string(family.name))
      .Help(std::string(family.help))
      .Register(registry)
      .Add({});
}

prometheus::Histogram& add_histogram(prometheus::Registry& registry, const names::Family& family,
                                     const Bounds& bounds) {
  return prometheus::BuildHistogram()
      .Name(std::string(family.name))
      .Help(std::string(family.help))
      .Register(registry)
      .Add({}, bounds);
}

prometheus::Labels labels_of(const Build& build) {
  prometheus::Labels labels{
      {"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}};
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

prometheus::MetricFamily counter_family(const names::Family& family) {
  return {std::string(family.name), std::string(family.help), prometheus::MetricType::Counter, {}};
}

prometheus::MetricFamily gauge_family(const names::Family& family) {
  return {std::string(family.name), std::string(family.help), prometheus::MetricType::Gauge, {}};
}

}  // namespace

class OrganizationCounters {
 public:
  OrganizationCounters(model::OrganizationId id, std::string name)
      : id_(id), name_(std::move(name)) {}

  model::OrganizationId id() const { return id_; }
  bool belongs_to(const model::Organization& organization) const {
    return id_ == organization.id && name_ == organization.name;
  }

  void count_poll(model::State outcome) { polls_[static_cast<std::size_t>(outcome)].Increment(); }

  void count_request(int code) {
    if (code < 100 || code > 999) code = 0;
    if (const auto usual = std::ranges::find(kUsualCodes, code); usual != kUsualCodes.end()) {
      requests_[static_cast<std::size_t>(usual - kUsualCodes.begin())].Increment();
      return;
    }
    const std::scoped_lock lock(mutex_);
    unusual_requests_[code].Increment();
  }

  void append_polls(std::vector<prometheus::ClientMetric>& out) const {
    for (const model::State state : model::kStates) {
      if (state == model::State::pending) continue;
      append(out, polls_[static_cast<std::size_t>(state)],
             {"outcome", std::string(to_string(state))});
    }
  }

  void append_requests(std::vector<prometheus::ClientMetric>& out) const {
    for (std::size_t i = 0; i < kUsualCodes.size(); ++i) {
      append(out, requests_[i], {"code", std::to_string(kUsualCodes[i])});
    }
    const std::scoped_lock lock(mutex_);
    for (const auto& [code, counter] : unusual_requests_) {
      append(out, counter, {"code", std::to_string(code)});
    }
  }

 private:
  void append(std::vector<prometheus::ClientMetric>& out, const prometheus::Counter& counter,
              prometheus::ClientMetric::Label label) const {
    prometheus::ClientMetric metric = counter.Collect();
    metric.label = {{"org_id", id_.to_string()}, {"org", name_}, std::move(label)};
    out.push_back(std::move(metric));
  }

  const model::OrganizationId id_;
  const std::string name_;

  std::array<prometheus::Counter, model::kStates.size()> polls_;
  std::array<prometheus::Counter, kUsualCodes.size()> requests_;

  mutable std::mutex mutex_;  // guards all below
  std::map<int, prometheus::Counter> unusual_requests_;
};

/// The journal's newest record. Not in the registry, which is read gauge by gauge: its number and
/// its hash must be of one record on every page.
struct JournalHead {
  std::int64_t seq = 0;  ///< 0: there is none
  std::string sha256;
};

/// Of one receiver.
struct SinkCounters {
  std::uint64_t ok = 0;
  std::uint64_t error = 0;
  std::size_t pending = 0;
};

prometheus::ClientMetric sample(double value, std::vector<prometheus::ClientMetric::Label> labels,
                                prometheus::MetricType type) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

struct DaemonMetrics::Parts {
  prometheus::Registry registry;
  prometheus::Gauge& standby = add_gauge(registry, names::kStandby);
  prometheus::Gauge& reload_successful = add_gauge(registry, names::kReloadSuccessful);
  prometheus::Gauge& reload_success_time = add_gauge(registry, names::kReloadSuccessTime);
  prometheus::Gauge& last_weakened = add_gauge(registry, names::kLastWeakened);
  prometheus::Counter& journal_records = add_counter(registry, names::kJournalRecords);
  prometheus::Counter& journal_errors = add_counter(registry, names::kJournalErrors);
  prometheus::Histogram& request_duration =
      add_histogram(registry, names::kRequestDuration, duration_bounds());
  prometheus::Histogram& poll_delay = add_histogram(registry, names::kPollDelay, delay_bounds());

  mutable std::mutex mutex;  // guards all below
  std::vector<OrganizationHandle> organizations;
  std::map<std::string, SinkCounters> sinks;
  JournalHead journal_head;

  void append_sinks(std::vector<prometheus::MetricFamily>& families) const;
  void append_journal_head(std::vector<prometheus::MetricFamily>& families) const;

  std::vector<OrganizationHandle> current() const {
    const std::scoped_lock lock(mutex);
    return organizations;
  }
};

DaemonMetrics::DaemonMetrics(const Build& build) : parts_(std::make_unique<Parts>()) {
  add_gauge(parts_->registry, names::kBuild, labels_of(build)).Set(1);
}

DaemonMetrics::~DaemonMetrics() = default;

void DaemonMetrics::configure(const model::Roster& roster) {
  const std::scoped_lock lock(parts_->mutex);
  std::map<model::OrganizationId, OrganizationHandle> before;
  for (auto& handle : parts_->organizations) before.emplace(handle->id(), handle);
  parts_->organizations.clear();
  for (const auto& organization : roster.organizations) {
    auto& handle = before[organization.id];
    if (handle == nullptr || !handle->belongs_to(organization)) {
      handle = std::make_shared<OrganizationCounters>(organization.id, organization.name);
    }
    parts_->organizations.push_back(handle);
  }
}

OrganizationHandle DaemonMetrics::organization(model::OrganizationId id) const {
  const std::scoped_lock lock(parts_->mutex);
  const auto found = std::ranges::find_if(
      parts_->organizations, [&](const OrganizationHandle& handle) { return handle->id() == id; });
  return found == parts_->organizations.end() ? nullptr : *found;
}

void DaemonMetrics::count_poll(OrganizationCounters& organization, model::State outcome) {
  organization.count_poll(outcome);
}

void DaemonMetrics::count_request(OrganizationCounters& organization, int code,
                                  std::chrono::nanoseconds duration) {
  organization.count_request(code);
  parts_->request_duration.Observe(seconds(duration));
}

void DaemonMetrics::observe_delay(std::chrono::nanoseconds delay) {
  parts_->poll_delay.Observe(std::max(seconds(delay), 0.0));
}

void DaemonMetrics::set_shard(int index, int count) {
  add_gauge(parts_->registry, names::kShard,
            {{"shard", std::to_string(index)}, {"shards", std::to_string(count)}})
      .Set(1);
}

void DaemonMetrics::set_standby(bool standby) { parts_->standby.Set(standby ? 1 : 0); }

void DaemonMetrics::config_loaded(base::WallTime when) {
  parts_->reload_successful.Set(1);
  parts_->reload_success_time.Set(seconds(when.time_since_epoch()));
}

void DaemonMetrics::config_rejected() { parts_->reload_successful.Set(0); }

void DaemonMetrics::config_weakened(base::WallTime when) {
  parts_->last_weakened.Set(seconds(when.time_since_epoch()));
}

void DaemonMetrics::set_sinks(const std::vector<std::string>& sinks) {
  const std::scoped_lock lock(parts_->mutex);
  auto before = std::exchange(parts_->sinks, {});
  for (const std::string& sink : sinks) parts_->sinks.emplace(sink, before[sink]);
}

void DaemonMetrics::count_notifications(const std::string& sink, bool ok, std::size_t count) {
  const std::scoped_lock lock(parts_->mutex);
  const auto found = parts_->sinks.find(sink);
  if (found == parts_->sinks.end()) return;
  (ok ? found->second.ok : found->second.error) += count;
}

void DaemonMetrics::set_pending(const std::string& sink, std::size_t count) {
  const std::scoped_lock lock(parts_->mutex);
  const auto found = parts_->sinks.find(sink);
  if (found != parts_->sinks.end()) found->second.pending = count;
}

void DaemonMetrics::journal_committed(std::int64_t seq, const std::string& sha256,
                                      std::size_t records) {
  parts_->journal_records.Increment(static_cast<double>(records));
  const std::scoped_lock lock(parts_->mutex);
  parts_->journal_head = {seq, sha256};
}

void DaemonMetrics::journal_failed() { parts_->journal_errors.Increment(); }

void DaemonMetrics::Parts::append_sinks(std::vector<prometheus::MetricFamily>& families) const {
  const std::scoped_lock lock(mutex);
  if (sinks.empty()) return;
  auto sent = counter_family(names::kNotifications);
  auto pending = gauge_family(names::kNotificationsPending);
  for (const auto& [sink, counters] : sinks) {
    sent.metric.push_back(
        sample(static_cast<double>(counters.ok), {{"sink", sink}, {"result", "ok"}}, sent.type));
    sent.metric.push_back(sample(static_cast<double>(counters.error),
                                 {{"sink", sink}, {"result", "error"}}, sent.type));
    pending.metric.push_back(
        sample(static_cast<double>(counters.pending), {{"sink", sink}}, pending.type));
  }
  families.push_back(std::move(sent));
  families.push_back(std::move(pending));
}

void DaemonMetrics::Parts::append_journal_head(
    std::vector<prometheus::MetricFamily>& families) const {
  const std::scoped_lock lock(mutex);
  auto seq = gauge_family(names::kJournalHeadSeq);
  seq.metric.push_back(sample(static_cast<double>(journal_head.seq), {}, seq.type));
  families.push_back(std::move(seq));
  if (journal_head.seq == 0) return;
  auto hash = gauge_family(names::kJournalHead);
  hash.metric.push_back(sample(1, {{"sha256", journal_head.sha256}}, hash.type));
  families.push_back(std::move(hash));
}

std::string DaemonMetrics::render() const {
  std::vector<prometheus::MetricFamily> families = parts_->registry.Collect();
  auto polls = counter_family(names::kPolls);
  auto requests = counter_family(names::kRequests);
  for (const auto& organization : parts_->current()) {
    organization->append_polls(polls.metric);
    organization->append_requests(requests.metric);
  }
  if (!polls.metric.empty()) {
    families.push_back(std::move(polls));
    families.push_back(std::move(requests));
  }
  parts_->append_sinks(families);
  parts_->append_journal_head(families);
  append_process(families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace aka::metrics
