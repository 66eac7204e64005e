// From records to evidence. Entry points: Collector::take(), then finish(). What a record says is
// read once, here; a record that cannot be read is counted and verified like any other.
#include "evidence/collector.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/utc_time.h"

namespace aka::evidence {

using journal::Record;
using nlohmann::json;

struct Collector::Fields {
  base::WallTime time{};
  json data;

  std::string text(const char* name) const {
    const auto member = data.find(name);
    return member != data.end() && member->is_string() ? member->get<std::string>() : "";
  }
  std::int64_t number(const char* name) const {
    const auto member = data.find(name);
    return member != data.end() && member->is_number_integer() ? member->get<std::int64_t>() : 0;
  }
  std::string label(const char* name) const {
    const auto labels = data.find("labels");
    if (labels == data.end() || !labels->is_object()) return {};
    const auto member = labels->find(name);
    return member != labels->end() && member->is_string() ? member->get<std::string>() : "";
  }
};

namespace {

std::string key_of(const Record& record) { return record.org_id + "/" + record.key_id; }

/// What makes a finding the same over time.
struct Subject {
  std::string place;  // org/key
  std::string kind;
  std::string role;
  std::string project_id;

  std::string text() const { return place + "\n" + kind + "\n" + role + "\n" + project_id; }
};

/// The kind of finding that an alert is about; empty if it is about none.
std::string kind_of_alert(const std::string& alert, const std::string& kind) {
  if (alert == "AtlasKeyNotFound") return "key_missing";
  if (alert == "AtlasKeyUnmanaged") return "unmanaged_key";
  return alert == "AtlasKeyDrift" ? kind : "";
}

std::string sha_of(const std::string& sha256) { return "sha256 " + sha256; }

}  // namespace

Collector::Collector(Period period, base::WallTime made)
    : period_(period), made_(made), coverage_(period) {}

void Collector::take(const Record& record) {
  if (first_seq_ == 0) first_seq_ = record.seq;
  if (!fault_) fault_ = verifier_.take(record);
  last_ = {.seq = record.seq,
           .time = record.time,
           .type = {},
           .org_id = {},
           .key_id = {},
           .data = {},
           .prev = {},
           .hash = record.hash};
  Fields fields;
  const auto time = base::parse_instant(record.time);
  fields.data = json::parse(record.data, nullptr, false);
  if (!time || !fields.data.is_object() || *time >= period_.until) return;
  fields.time = *time;
  if (*time >= period_.from) ++in_period_;
  const std::string& type = record.type;
  if (type == "start") coverage_.started(*time);
  if (type == "stop") coverage_.stopped(*time);
  coverage_.alive(*time);
  if (type == "checkpoint") {
    names_[record.org_id] = {record.org_id, fields.text("org"), {}, {}};
    const auto oldest = base::parse_instant(fields.text("oldest_success"));
    coverage_.checkpoint({record.org_id, *time, fields.number("polls"), fields.number("conclusive"),
                          oldest ? std::optional(*oldest) : std::nullopt});
  } else if (type == "key_added" || type == "key_removed") {
    take_key(record, fields);
  } else if (type.starts_with("finding_") || type == "waiver_lapsed") {
    take_finding(record, fields);
  } else if (type == "alert_sent") {
    take_alert(record, fields);
  } else {
    take_event(record, fields);
  }
}

void Collector::take_key(const Record& record, const Fields& fields) {
  const std::string place = key_of(record);
  names_[record.org_id] = {record.org_id, fields.text("org"), {}, {}};
  names_[place] = {record.org_id, fields.text("org"), record.key_id, fields.text("key")};
  if (record.type == "key_added") {
    if (watched_.contains(place)) return;
    watched_[place] = keys_.size();
    keys_.push_back({names_[place], fields.text("owner"), fields.time, {}});
    coverage_.key_added(record.org_id, fields.time);
    return;
  }
  const auto watched = watched_.find(place);
  if (watched != watched_.end()) {
    keys_[watched->second].removed = fields.time;
    watched_.erase(watched);
    coverage_.key_removed(record.org_id, fields.time);
  }
  for (auto open = open_.begin(); open != open_.end();) {
    const auto next = std::next(open);
    const About& of = open->second.about;
    if (of.org_id == record.org_id && of.key_id == record.key_id) {
      end_incident(open, fields.time, "the configuration");
    }
    open = next;
  }
}

void Collector::take_finding(const Record& record, const Fields& fields) {
  const Subject subject{key_of(record), fields.text("kind"), fields.text("role"),
                        fields.text("project_id")};
  auto place = open_.find(subject.text());
  if (place == open_.end()) {
    Incident incident;
    incident.kind = subject.kind;
    incident.role = subject.role;
    incident.project_id = subject.project_id;
    // Of one whose opening was cut off the front, the finding itself knows.
    const auto since = base::parse_instant(fields.text("since"));
    incident.opened = record.type == "finding_opened" || !since ? fields.time : *since;
    place = open_.emplace(subject.text(), std::move(incident)).first;
  }
  Incident& incident = place->second;
  incident.about = about(record);
  incident.severity = fields.text("severity");
  incident.actual = fields.text("actual");
  if (record.type == "finding_waived") {
    incident.waivings.push_back(
        {fields.time, {}, fields.text("reason"), fields.text("ticket"), fields.text("until")});
  } else if (!incident.waivings.empty() && !incident.waivings.back().until) {
    incident.waivings.back().until = fields.time;
  }
  if (record.type == "finding_closed") end_incident(place, fields.time, "a poll");
}

void Collector::take_alert(const Record& record, const Fields& fields) {
  if (!fields.label("drill").empty()) return;
  const Subject subject{key_of(record),
                        kind_of_alert(fields.label("alertname"), fields.label("kind")),
                        fields.label("role"), fields.label("project_id")};
  const auto place = open_.find(subject.text());
  if (place != open_.end() && !place->second.told) place->second.told = fields.time;
}

void Collector::take_event(const Record& record, const Fields& fields) {
  if (fields.time < period_.from) return;
  std::string detail;
  if (record.type == "config_loaded") detail = sha_of(fields.text("sha256"));
  if (record.type == "start") detail = "version " + fields.text("version");
  if (record.type == "policy_weakened") {
    detail = fields.text("weakening") + ": " + fields.text("detail");
  }
  if (record.type == "drill") detail = fields.text("phase") + ": " + fields.text("summary");
  if (record.type == "retention_cut" || record.type == "journal_recovered") detail = record.data;
  const bool told = !detail.empty() || record.type == "stop";
  if (told) events_.push_back({fields.time, record.type, about(record), detail});
}

About Collector::about(const Record& record) const {
  About about{record.org_id, {}, record.key_id, {}};
  const auto organization = names_.find(record.org_id);
  if (organization != names_.end()) about.org = organization->second.org;
  const auto key = names_.find(key_of(record));
  if (key != names_.end()) about.key = key->second.key;
  return about;
}

void Collector::end_incident(std::map<std::string, Incident>::iterator incident,
                             base::WallTime time, const std::string& by) {
  Incident ended = std::move(incident->second);
  open_.erase(incident);
  ended.closed = time;
  ended.closed_by = by;
  if (!ended.waivings.empty() && !ended.waivings.back().until) ended.waivings.back().until = time;
  if (touches_period(ended)) ended_.push_back(std::move(ended));
}

bool Collector::touches_period(const Incident& incident) const {
  return incident.opened < period_.until && (!incident.closed || *incident.closed >= period_.from);
}

base::Duration Collector::exposed(const Incident& incident) const {
  const base::WallTime end = std::min(made_, period_.until);
  const auto inside = [&](base::WallTime from, base::WallTime until) {
    return std::max(base::Duration::zero(), std::min(until, end) - std::max(from, period_.from));
  };
  base::Duration time = inside(incident.opened, incident.closed.value_or(end));
  for (const Waiving& waiving : incident.waivings) {
    time -= inside(waiving.from, waiving.until.value_or(end));
  }
  return time;
}

void Collector::finish(const std::string& name, std::string_view head, Evidence& evidence) {
  if (!fault_) fault_ = verifier_.finish(head);
  evidence.chains.push_back(
      {name, first_seq_, last_.seq, last_.hash, last_.time, in_period_,
       fault_ ? "record " + std::to_string(fault_->seq) + ": " + fault_->reason : std::string()});
  for (WatchedKey& key : keys_) {
    if (key.removed && *key.removed < period_.from) continue;
    evidence.keys.push_back(std::move(key));
  }
  for (Coverage& coverage : coverage_.finish(made_)) {
    const auto named = names_.find(coverage.about.org_id);
    if (named != names_.end()) coverage.about = named->second;
    evidence.coverage.push_back(std::move(coverage));
  }
  for (auto& [subject, incident] : open_) {
    if (touches_period(incident)) ended_.push_back(std::move(incident));
  }
  for (Incident& incident : ended_) {
    incident.exposed = exposed(incident);
    evidence.incidents.push_back(std::move(incident));
  }
  std::ranges::stable_sort(evidence.incidents, {}, &Incident::opened);
  std::ranges::move(events_, std::back_inserter(evidence.events));
  std::ranges::stable_sort(evidence.events, {}, &Event::time);
}

bool is_sound(const Evidence& evidence) {
  return std::ranges::all_of(evidence.chains,
                             [](const Chain& chain) { return chain.fault.empty(); });
}

}  // namespace aka::evidence
