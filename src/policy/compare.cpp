// Two configurations side by side. Entry points: weakenings(). What a pattern of roles stands for
// is compared as a pattern: one is no wider than another if the other's wildcards cover it. Where
// that cannot be told, as between two regular expressions, the change is named rather than missed.
#include "policy/compare.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "policy/severity.h"

namespace aka::policy {
namespace {

using model::FindingKind;
using model::RolePattern;
using model::Severity;

bool covered_by_any(const RolePattern& narrow, const std::vector<RolePattern>& wide) {
  return std::ranges::any_of(wide, [&](const RolePattern& one) { return one.covers(narrow); });
}

class PolicyComparison {
 public:
  PolicyComparison(const model::Policy& before, const model::Policy& after)
      : before_(before), after_(after) {}

  std::vector<Weakening> run() {
    compare_roles();
    compare_descriptions();
    for (const FindingKind kind : model::kFindingKinds) compare_severity(kind);
    return std::move(found_);
  }

 private:
  void add(WeakeningKind kind, std::string detail) {
    found_.push_back({kind, {}, {}, {}, {}, std::move(detail)});
  }

  void compare_roles() {
    if (!before_.roles) return;
    if (!after_.roles) return add(WeakeningKind::check_dropped, "roles");
    const model::RoleRules& was = *before_.roles;
    const model::RoleRules& is = *after_.roles;
    for (const auto* list : {&is.required, &is.allowed}) {
      for (const RolePattern& role : *list) {
        const bool granted_before =
            (covered_by_any(role, was.required) || covered_by_any(role, was.allowed)) &&
            !is_touched(role, was.forbidden, is.forbidden);
        if (!granted_before && !covered_by_any(role, is.forbidden))
          add(WeakeningKind::role_allowed, to_string(role));
      }
    }
    for (const RolePattern& role : was.forbidden) {
      if (!covered_by_any(role, is.forbidden))
        add(WeakeningKind::role_not_forbidden, to_string(role));
    }
    for (const RolePattern& role : was.required) {
      const auto asks_as_much = [&](const RolePattern& now) { return role.covers(now); };
      if (std::ranges::none_of(is.required, asks_as_much))
        add(WeakeningKind::role_not_required, to_string(role));
    }
  }

  /// Whether something that was forbidden covered the role, and now nothing does.
  static bool is_touched(const RolePattern& role, const std::vector<RolePattern>& was,
                         const std::vector<RolePattern>& is) {
    return covered_by_any(role, was) && !covered_by_any(role, is);
  }

  void compare_descriptions() {
    if (!before_.description) return;
    if (!after_.description) return add(WeakeningKind::check_dropped, "description");
    const auto* was = std::get_if<base::TextPattern>(&*before_.description);
    const auto* is = std::get_if<base::TextPattern>(&*after_.description);
    if (is == nullptr) return;  // one text is never more than what was
    if (was != nullptr && was->expression() == is->expression()) return;
    add(WeakeningKind::description_loosened, fmt::format("now whatever fits {}", is->expression()));
  }

  void compare_severity(FindingKind kind) {
    const auto was = before_.severity_of(kind);
    const auto is = after_.severity_of(kind);
    if (was == is) return;
    const UsualSeverity usual = usual_severity(kind);
    const Severity before = was.value_or(usual.most);
    const Severity after = is.value_or(usual.least);
    if (after < before) {
      add(WeakeningKind::severity_lowered,
          fmt::format("{}: {}, now {}", to_string(kind), to_string(before), to_string(after)));
    }
  }

  const model::Policy& before_;
  const model::Policy& after_;
  std::vector<Weakening> found_;
};

class DemandsComparison {
 public:
  DemandsComparison(const Demands& before, const Demands& after, base::WallTime now)
      : before_(before), after_(after), now_(now) {}

  std::vector<Weakening> run() {
    std::unordered_map<model::OrganizationId, const model::Organization*> organizations;
    for (const model::Organization& one : after_.roster->organizations)
      organizations.emplace(one.id, &one);
    for (const model::Organization& was : before_.roster->organizations) {
      organization_ = &was;
      const auto found = organizations.find(was.id);
      compare(was, found == organizations.end() ? nullptr : found->second);
    }
    return std::move(found_);
  }

 private:
  void add(WeakeningKind kind, const model::Key* key, std::string detail) {
    found_.push_back({kind, organization_->id, organization_->name,
                      key == nullptr ? std::string() : key->id.to_string(),
                      key == nullptr ? std::string() : key->name, std::move(detail)});
  }

  void compare(const model::Organization& was, const model::Organization* is) {
    if (is != nullptr && is->interval > was.interval) {
      add(WeakeningKind::interval_lengthened, nullptr,
          fmt::format("{}, now {}", base::format_duration(was.interval),
                      base::format_duration(is->interval)));
    }
    if (is != nullptr) compare_patience();
    if (was.discover && (is == nullptr || !is->discover))
      add(WeakeningKind::discovery_off, nullptr, {});
    std::unordered_map<model::KeyId, const model::Key*> keys;
    if (is != nullptr) {
      for (const model::Key& key : is->keys) keys.emplace(key.id, &key);
    }
    for (const model::Key& key : was.keys) {
      const auto found = keys.find(key.id);
      if (found == keys.end()) {
        add(WeakeningKind::key_unwatched, &key, {});
      } else {
        compare(key, *found->second);
      }
    }
  }

  /// One setting of all organizations, told of each, since each is watched less closely.
  void compare_patience() {
    if (after_.stale_after > before_.stale_after) {
      add(WeakeningKind::stale_after_raised, nullptr,
          fmt::format("{}, now {}", before_.stale_after, after_.stale_after));
    }
    if (after_.confirm > before_.confirm) {
      add(WeakeningKind::confirm_raised, nullptr,
          fmt::format("{}, now {}", before_.confirm, after_.confirm));
    }
  }

  void compare(const model::Key& was, const model::Key& is) {
    if (was.expect == model::Expectation::absent && is.expect == model::Expectation::present)
      add(WeakeningKind::absence_not_expected, &was, {});
    if (was.policy != nullptr && is.policy != nullptr) {
      for (const Weakening& one : policy_weakenings(*was.policy, *is.policy))
        add(one.kind, &was, one.detail);
    }
    if (was.expect == is.expect && !was.public_key.empty() && is.public_key.empty())
      add(WeakeningKind::check_dropped, &was, "public_key");
    if (is.waivers != nullptr) {
      for (const model::Waiver& waiver : *is.waivers) compare_waiver(was, waiver);
    }
  }

  /// Policies are shared by thousands of keys, so each pair is compared once.
  const std::vector<Weakening>& policy_weakenings(const model::Policy& was,
                                                  const model::Policy& is) {
    const auto [entry, added] = policies_.try_emplace({&was, &is});
    if (added) entry->second = weakenings(was, is);
    return entry->second;
  }

  void compare_waiver(const model::Key& was, const model::Waiver& waiver) {
    if (waiver.until <= now_) return;
    const auto subject = [](const model::Waiver& one) {
      return std::tie(one.kind, one.role, one.project_id, one.actual);
    };
    std::optional<base::WallTime> until;
    if (was.waivers != nullptr) {
      const auto old = std::ranges::find_if(*was.waivers, [&](const model::Waiver& other) {
        return other.until > now_ && subject(other) == subject(waiver);
      });
      if (old != was.waivers->end()) until = old->until;
    }
    if (until && waiver.until <= *until) return;
    add(until ? WeakeningKind::waiver_extended : WeakeningKind::waiver_added, &was,
        fmt::format("{}{}{}{} until {}", to_string(waiver.kind), waiver.role.empty() ? "" : " ",
                    waiver.role, waiver.project_id.empty() ? "" : "@" + waiver.project_id,
                    base::format_utc(waiver.until)));
  }

  const Demands& before_;
  const Demands& after_;
  const base::WallTime now_;
  const model::Organization* organization_ = nullptr;
  std::map<std::pair<const model::Policy*, const model::Policy*>, std::vector<Weakening>> policies_;
  std::vector<Weakening> found_;
};

}  // namespace

std::string_view to_string(WeakeningKind kind) {
  switch (kind) {
    case WeakeningKind::role_allowed:
      return "role_allowed";
    case WeakeningKind::role_not_forbidden:
      return "role_not_forbidden";
    case WeakeningKind::role_not_required:
      return "role_not_required";
    case WeakeningKind::check_dropped:
      return "check_dropped";
    case WeakeningKind::description_loosened:
      return "description_loosened";
    case WeakeningKind::severity_lowered:
      return "severity_lowered";
    case WeakeningKind::key_unwatched:
      return "key_unwatched";
    case WeakeningKind::absence_not_expected:
      return "absence_not_expected";
    case WeakeningKind::waiver_added:
      return "waiver_added";
    case WeakeningKind::waiver_extended:
      return "waiver_extended";
    case WeakeningKind::interval_lengthened:
      return "interval_lengthened";
    case WeakeningKind::stale_after_raised:
      return "stale_after_raised";
    case WeakeningKind::confirm_raised:
      return "confirm_raised";
    case WeakeningKind::discovery_off:
      return "discovery_off";
  }
  return "";
}

std::vector<Weakening> weakenings(const Demands& before, const Demands& after, base::WallTime now) {
  return DemandsComparison(before, after, now).run();
}

std::vector<Weakening> weakenings(const model::Policy& before, const model::Policy& after) {
  return PolicyComparison(before, after).run();
}

}  // namespace aka::policy
