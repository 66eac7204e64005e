// The one place where an alert begins and ends: reconcile() compares what fires in a scope with its
// conditions, by labels.
#include "incident/book.h"

#include <algorithm>

namespace aka::incident {
namespace {

template <typename Id>
Id id_in(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  if (found == labels.end()) return Id{};
  return Id::parse(found->second).value_or(Id{});
}

bool has_labels(const std::vector<SharedAlert>& alerts, const Labels& labels) {
  return std::ranges::any_of(alerts,
                             [&](const SharedAlert& alert) { return alert->labels == labels; });
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
  return scope;
}

BookStep Book::reconcile(const Scope& scope, const std::vector<Condition>& conditions,
                         base::WallTime now) {
  BookStep step;
  const auto place = firing_.find(scope);
  if (place == firing_.end() && conditions.empty()) return step;
  std::vector<SharedAlert> fire;
  if (place != firing_.end()) {
    for (SharedAlert& alert : place->second) {
      const bool goes_on = std::ranges::any_of(conditions, [&](const Condition& condition) {
        return condition.alert.labels == alert->labels;
      });
      if (goes_on) {
        fire.push_back(std::move(alert));
      } else {
        auto ended = std::make_shared<Alert>(*alert);
        ended->ends_at = now;
        step.resolved.push_back(std::move(ended));
      }
    }
  }
  for (const Condition& condition : conditions) {
    if (condition.phase != Phase::firing || has_labels(fire, condition.alert.labels)) continue;
    auto begun = std::make_shared<Alert>(condition.alert);
    begun->starts_at = now;
    begun->ends_at.reset();
    std::erase_if(resolved_, [&](const SharedAlert& old) { return old->labels == begun->labels; });
    fire.push_back(begun);
    step.opened.push_back(std::move(begun));
  }
  resolved_.insert(resolved_.end(), step.resolved.begin(), step.resolved.end());
  if (fire.empty()) {
    if (place != firing_.end()) firing_.erase(place);
  } else if (place != firing_.end()) {
    place->second = std::move(fire);
  } else {
    firing_.emplace(scope, std::move(fire));
  }
  return step;
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
    auto shared = std::make_shared<const Alert>(std::move(alert));
    if (shared->ends_at) {
      resolved_.push_back(std::move(shared));
    } else {
      firing_[*scope].push_back(std::move(shared));
    }
  }
}

std::vector<SharedAlert> Book::forget_old(base::WallTime now) {
  std::vector<SharedAlert> old;
  std::erase_if(resolved_, [&](const SharedAlert& alert) {
    if (now - *alert->ends_at < kShownFor) return false;
    old.push_back(alert);
    return true;
  });
  return old;
}

std::vector<SharedAlert> Book::firing() const {
  std::vector<SharedAlert> all;
  for (const auto& [scope, alerts] : firing_) all.insert(all.end(), alerts.begin(), alerts.end());
  return all;
}

}  // namespace aka::incident
