#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/duration.h"
#include "incident/conditions.h"
#include "model/ids.h"

namespace aka::incident {

/// Whose alerts are compared with each other: a key's, an organization's (no key), or the daemon's
/// (neither). Drills stand apart from what is real of the same key.
struct Scope {
  model::OrganizationId organization;
  model::KeyId key;
  bool drill = false;

  friend bool operator==(const Scope&, const Scope&) = default;
};

struct ScopeHash {
  std::size_t operator()(const Scope& scope) const noexcept {
    return std::hash<model::OrganizationId>{}(scope.organization) * 31 +
           std::hash<model::KeyId>{}(scope.key);
  }
};

/// The scope whose conditions lead to the alert; nothing if its labels are no alert's.
std::optional<Scope> scope_of(const Alert& alert);

/// Why an alert resolved.
enum class Cause {
  evidence,       ///< polls disproved it
  configuration,  ///< a reload or a start: removed, waived, renamed, given to another owner
  time,           ///< an hour, a day, or a date has passed
};

std::string_view to_string(Cause cause);

/// What it means that no condition speaks of an alert that fires.
enum class Silence {
  disproves,  ///< it is over
  /// Nobody knows: only time has passed, or no poll was conclusive yet and what was known is lost.
  /// It goes on, unless it is about the configuration alone.
  proves_nothing,
};

using SharedAlert = std::shared_ptr<const Alert>;

/// What one comparison came to.
struct BookStep {
  std::vector<SharedAlert> opened;
  std::vector<SharedAlert> resolved;  ///< with `ends_at`

  bool empty() const { return opened.empty() && resolved.empty(); }
};

/// The alerts that fire, and those that resolved within the hour. A value: no clock, no thread.
class Book {
 public:
  /// How long a resolved alert is still shown.
  static constexpr base::Duration kShownFor = std::chrono::hours(1);

  /// All conditions of a scope: what is new begins at `now`, what is in none is resolved. Where one
  /// has other labels (name, owner, severity) than the alert about the same, that ends and another
  /// begins, even if the condition is held.
  BookStep reconcile(const Scope& scope, std::vector<Condition> conditions, base::WallTime now,
                     Silence silence = Silence::disproves);

  /// Whether held conditions of the scope, or none, would change nothing.
  bool fires_nothing(const Scope& scope) const { return !firing_.contains(scope); }
  bool fires(const Scope& scope, AlertName name) const;
  std::vector<Scope> scopes() const;  ///< those with an alert that fires

  /// What was firing, or resolved, before a restart. What the book knows already stays as it is.
  void restore(std::vector<Alert> alerts);

  /// Those that resolved more than an hour ago; they are forgotten.
  std::vector<SharedAlert> forget_old(base::WallTime now);

  std::vector<SharedAlert> firing() const;
  std::vector<SharedAlert> firing_of(const Scope& scope) const;
  /// Not those that fire anew.
  std::vector<SharedAlert> resolved() const;

 private:
  void keep(const Scope& scope, std::vector<SharedAlert> fire, const BookStep& step);

  using ByScope = std::unordered_map<Scope, std::vector<SharedAlert>, ScopeHash>;

  ByScope firing_;  // no empty vectors, as in resolved_
  ByScope resolved_;
};

}  // namespace aka::incident
