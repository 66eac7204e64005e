// The one place where an alert begins and ends: reconcile() compares what fires in a scope with its
// conditions, by labels.
#include "incident/book.h"

#include <algorithm>
#include <array>
#include <utility>

namespace aka::incident {
namespace {

template <typename Id>
Id id_in(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  if (found == labels.end()) return Id{};
  return Id::parse(found->second).value_or(Id{});
}

const SharedAlert* find(const std::vector<SharedAlert>& alerts, const Labels& labels) {
  const auto found = std::ranges::find_if(
      alerts, [&](const SharedAlert& alert) { return alert->labels == labels; });
  return found == alerts.end() ? nullptr : &*found;
}

/// Whether both are about the same thing, whatever it is called, whose it is, and how bad it is.
bool about_the_same(const Labels& left, const Labels& right) {
  constexpr std::array kAbout{"alertname", "org_id",     "key_id", "kind",
                              "role",      "project_id", "sink"};
  return std::ranges::all_of(kAbout, [&](const char* name) {
    const auto in_left = left.find(name);
    const auto in_right = right.find(name);
    if (in_left == left.end() || in_right == right.end()) {
      return in_left == left.end() && in_right == right.end();
    }
    return in_left->second == in_right->second;
  });
}

bool finds_same(const std::vector<SharedAlert>& alerts, const Labels& labels) {
  return std::ranges::any_of(
      alerts, [&](const SharedAlert& alert) { return about_the_same(alert->labels, labels); });
}

bool is_ended(const std::vector<Condition>& conditions, const Labels& labels) {
  return std::ranges::any_of(conditions, [&](const Condition& condition) {
    return condition.phase == Phase::ended && about_the_same(condition.alert.labels, labels);
  });
}

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
  return scope;
}

BookStep Book::reconcile(const Scope& scope, std::vector<Condition> conditions, base::WallTime now,
                         Silence silence) {
  BookStep step;
  const auto place = firing_.find(scope);
  if (place == firing_.end() && conditions.empty()) return step;
  const std::vector<SharedAlert> before =
      place == firing_.end() ? std::vector<SharedAlert>() : std::move(place->second);
  fold_rest(conditions, [&](const Labels& labels) { return finds_same(before, labels); });
  std::vector<SharedAlert> fire;
  for (Condition& condition : conditions) {
    const Labels& labels = condition.alert.labels;
    if (condition.phase == Phase::ended || find(fire, labels) != nullptr) continue;
    if (const SharedAlert* goes_on = find(before, labels)) {
      fire.push_back(*goes_on);
      continue;
    }
    const auto old = std::ranges::find_if(
        before, [&](const SharedAlert& alert) { return about_the_same(alert->labels, labels); });
    if (condition.phase == Phase::held) {
      if (old == before.end()) continue;
      condition.alert.summary = (*old)->summary;
      condition.alert.description = (*old)->description;
    }
    fire.push_back(begun(std::move(condition.alert), now));
    step.opened.push_back(fire.back());
  }
  for (const SharedAlert& alert : before) {
    if (find(fire, alert->labels) != nullptr) continue;
    const bool goes_on =
        silence == Silence::proves_nothing && alert->name != AlertName::waiver_expiring &&
        !finds_same(step.opened, alert->labels) && !is_ended(conditions, alert->labels);
    if (goes_on) {
      fire.push_back(alert);
    } else {
      step.resolved.push_back(ended(*alert, now));
    }
  }
  keep(scope, std::move(fire), step);
  return step;
}

void Book::keep(const Scope& scope, std::vector<SharedAlert> fire, const BookStep& step) {
  if (fire.empty()) {
    firing_.erase(scope);
  } else {
    firing_.insert_or_assign(scope, std::move(fire));
  }
  if (step.empty()) return;
  std::vector<SharedAlert>& resolved = resolved_[scope];
  std::erase_if(resolved, [&](const SharedAlert& old) {
    return find(step.opened, old->labels) != nullptr || find(step.resolved, old->labels) != nullptr;
  });
  resolved.insert(resolved.end(), step.resolved.begin(), step.resolved.end());
  if (resolved.empty()) resolved_.erase(scope);
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
    if (find(firing_[*scope], alert.labels) != nullptr) continue;
    ByScope& place = alert.ends_at ? resolved_ : firing_;
    std::erase_if(resolved_[*scope],
                  [&](const SharedAlert& old) { return old->labels == alert.labels; });
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

std::vector<SharedAlert> Book::firing_of(const Scope& scope) const {
  const auto place = firing_.find(scope);
  return place == firing_.end() ? std::vector<SharedAlert>() : place->second;
}

std::vector<SharedAlert> Book::resolved() const { return all_of(resolved_); }

}  // namespace aka::incident
