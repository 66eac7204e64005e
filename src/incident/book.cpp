// The one place where an alert begins and ends: reconcile() compares what fires in a scope with its
// conditions, by labels.
#include "incident/book.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>
#include <utility>

#include "incident/drill.h"

namespace aka::incident {
namespace {

template <typename Id>
Id id_in(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  if (found == labels.end()) return Id{};
  return Id::parse(found->second).value_or(Id{});
}

/// What an alert is about, whatever it is called, whose it is, and how bad it is: a key for maps. A
/// scope has one alert about a thing.
std::string subject_of(const Labels& labels) {
  constexpr std::array kAbout{"alertname", "org_id",     "key_id", "kind",
                              "role",      "project_id", "sink"};
  std::string subject;
  for (const char* name : kAbout) {
    const auto found = labels.find(name);
    const std::string_view value = found == labels.end() ? "" : std::string_view(found->second);
    subject += std::to_string(value.size()) + ':';
    subject += value;
  }
  return subject;
}

struct ByLabels {
  bool operator()(const SharedAlert& left, const SharedAlert& right) const {
    return left->labels < right->labels;
  }
};

SharedAlert begun(Alert alert, base::WallTime now) {
  alert.starts_at = now;
  alert.ends_at.reset();
  return std::make_shared<const Alert>(std::move(alert));
}

/// Not before it began, though the clock went back: receivers refuse that.
SharedAlert ended(const Alert& alert, base::WallTime now) {
  auto copy = std::make_shared<Alert>(alert);
  copy->ends_at = std::max(now, alert.starts_at);
  return copy;
}

template <typename ByScope>
std::vector<SharedAlert> all_of(const ByScope& scopes) {
  std::vector<SharedAlert> all;
  for (const auto& [scope, alerts] : scopes) all.insert(all.end(), alerts.begin(), alerts.end());
  return all;
}

}  // namespace

std::string_view to_string(Cause cause) {
  switch (cause) {
    case Cause::evidence:
      return "evidence";
    case Cause::configuration:
      return "configuration";
    case Cause::time:
      return "time";
  }
  return "";
}

std::optional<Scope> scope_of(const Alert& alert) {
  Scope scope{id_in<model::OrganizationId>(alert.labels, "org_id"), {}};
  // An unlisted key has no status of its own: its organization's discovery knows it.
  if (alert.name != AlertName::key_unmanaged) {
    scope.key = id_in<model::KeyId>(alert.labels, "key_id");
  }
  const bool of_key = alert.labels.contains("key");
  if (of_key && (scope.key == model::KeyId{} || scope.organization == model::OrganizationId{})) {
    return std::nullopt;
  }
  scope.drill = alert.labels.contains(kDrillLabel);
  return scope;
}

BookStep Book::reconcile(const Scope& scope, std::vector<Condition> conditions, base::WallTime now,
                         Silence silence) {
  BookStep step;
  const auto place = firing_.find(scope);
  if (place == firing_.end() && conditions.empty()) return step;
  std::unordered_map<std::string, SharedAlert> before;
  if (place != firing_.end()) {
    for (SharedAlert& alert : place->second) {
      before.emplace(subject_of(alert->labels), std::move(alert));
    }
  }
  fold_rest(conditions, [&](const Labels& labels) { return before.contains(subject_of(labels)); });
  std::unordered_map<std::string, SharedAlert> fire;
  std::unordered_set<std::string> ended;
  for (Condition& condition : conditions) {
    std::string subject = subject_of(condition.alert.labels);
    if (condition.phase == Phase::ended) {
      ended.insert(std::move(subject));
      continue;
    }
    if (fire.contains(subject)) continue;
    const auto old = before.find(subject);
    if (old != before.end() && old->second->labels == condition.alert.labels) {
      fire.emplace(std::move(subject), old->second);
      continue;
    }
    if (condition.phase == Phase::held) {
      if (old == before.end()) continue;
      condition.alert.summary = old->second->summary;
      condition.alert.description = old->second->description;
    }
    step.opened.push_back(begun(std::move(condition.alert), now));
    fire.emplace(std::move(subject), step.opened.back());
  }
  for (auto& [subject, alert] : before) {
    const auto after = fire.find(subject);
    if (after != fire.end() && after->second == alert) continue;
    const bool goes_on = silence == Silence::proves_nothing && after == fire.end() &&
                         alert->name != AlertName::waiver_expiring && !ended.contains(subject);
    if (goes_on) {
      fire.emplace(subject, alert);
    } else {
      step.resolved.push_back(incident::ended(*alert, now));
    }
  }
  std::ranges::sort(step.resolved, ByLabels());
  std::vector<SharedAlert> alerts;
  alerts.reserve(fire.size());
  for (auto& [subject, alert] : fire) alerts.push_back(std::move(alert));
  keep(scope, std::move(alerts), step);
  return step;
}

void Book::keep(const Scope& scope, std::vector<SharedAlert> fire, const BookStep& step) {
  if (fire.empty()) {
    firing_.erase(scope);
  } else {
    firing_.insert_or_assign(scope, std::move(fire));
  }
  if (step.empty()) return;
  std::set<SharedAlert, ByLabels> resolved;
  if (const auto known = resolved_.find(scope); known != resolved_.end()) {
    resolved.insert(known->second.begin(), known->second.end());
  }
  for (const SharedAlert& alert : step.resolved) {
    resolved.erase(alert);
    resolved.insert(alert);
  }
  // Of an alert that ended and began anew in one step only the new one is shown.
  for (const SharedAlert& alert : step.opened) resolved.erase(alert);
  if (resolved.empty()) {
    resolved_.erase(scope);
  } else {
    resolved_.insert_or_assign(scope, std::vector(resolved.begin(), resolved.end()));
  }
}

std::vector<Scope> Book::scopes() const {
  std::vector<Scope> scopes;
  scopes.reserve(firing_.size());
  for (const auto& [scope, alerts] : firing_) scopes.push_back(scope);
  return scopes;
}

void Book::restore(std::vector<Alert> alerts) {
  for (Alert& alert : alerts) {
    const auto scope = scope_of(alert);
    if (!scope) continue;
    const auto same = [&](const SharedAlert& old) { return old->labels == alert.labels; };
    if (std::ranges::any_of(firing_[*scope], same)) continue;
    ByScope& place = alert.ends_at ? resolved_ : firing_;
    std::erase_if(resolved_[*scope], same);
    place[*scope].push_back(std::make_shared<const Alert>(std::move(alert)));
  }
  for (ByScope* scopes : {&firing_, &resolved_}) {
    std::erase_if(*scopes, [](const auto& entry) { return entry.second.empty(); });
  }
}

std::vector<SharedAlert> Book::forget_old(base::WallTime now) {
  std::vector<SharedAlert> old;
  for (auto entry = resolved_.begin(); entry != resolved_.end();) {
    std::erase_if(entry->second, [&](const SharedAlert& alert) {
      if (now - *alert->ends_at < kShownFor) return false;
      old.push_back(alert);
      return true;
    });
    entry = entry->second.empty() ? resolved_.erase(entry) : std::next(entry);
  }
  return old;
}

std::vector<SharedAlert> Book::firing() const { return all_of(firing_); }

bool Book::fires(const Scope& scope, AlertName name) const {
  const auto place = firing_.find(scope);
  return place != firing_.end() &&
         std::ranges::any_of(place->second,
                             [name](const SharedAlert& alert) { return alert->name == name; });
}

std::vector<SharedAlert> Book::firing_of(const Scope& scope) const {
  const auto place = firing_.find(scope);
  return place == firing_.end() ? std::vector<SharedAlert>() : place->second;
}

std::vector<SharedAlert> Book::resolved() const { return all_of(resolved_); }

}  // namespace aka::incident
