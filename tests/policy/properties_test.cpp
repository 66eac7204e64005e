// Laws that hold for any policy and any record.
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "policy/advance.h"
#include "policy/judge.h"
#include "policy/role_order.h"
#include "support/audited.h"

namespace rc {

template <>
struct Arbitrary<aka::model::Role> {
  static Gen<aka::model::Role> arbitrary() {
    return gen::map(gen::tuple(gen::inRange<std::size_t>(0, aka::policy::kKnownRoleCount + 2),
                               gen::element(0, 0, 1, 2, 3)),
                    [](const std::tuple<std::size_t, int>& choice) {
                      const auto [index, scope] = choice;
                      const auto& known = aka::policy::known_roles();
                      const std::string name =
                          index < known.size() ? std::string(known[index].name) : "ORG_NEWS";
                      constexpr std::string_view kScopes[]{"", "@5f1a2b3c4d5e6f7a8b9c0d2f",
                                                           "@5f1a2b3c4d5e6f7a8b9c0d3a", "@unknown"};
                      return aka::test::role(name + std::string(kScopes[scope]));
                    });
  }
};

template <>
struct Arbitrary<aka::model::RolePattern> {
  static Gen<aka::model::RolePattern> arbitrary() {
    return gen::oneOf(
        gen::map(gen::arbitrary<aka::model::Role>(),
                 [](aka::model::Role role) {
                   if (role.scope.kind == aka::model::ScopeKind::unknown) role.scope = {};
                   return aka::test::exactly(role);
                 }),
        gen::map(gen::element<std::string>("*", "*@*", "ORG_*", "GROUP_*@*", "*_OWNER",
                                           "GROUP_READ_ONLY@*", "*_READ_ONLY@*"),
                 [](const std::string& text) { return aka::test::pattern(text); }));
  }
};

template <>
struct Arbitrary<aka::model::RoleRules> {
  static Gen<aka::model::RoleRules> arbitrary() {
    return gen::build<aka::model::RoleRules>(gen::set(&aka::model::RoleRules::required),
                                             gen::set(&aka::model::RoleRules::allowed),
                                             gen::set(&aka::model::RoleRules::forbidden));
  }
};

}  // namespace rc

namespace aka::policy {
namespace {

using model::Role;
using model::RoleRules;
using Roles = std::vector<Role>;

const base::WallTime kNow = test::at("2026-11-24T05:47:18Z");

model::Key key_with(RoleRules rules) {
  model::Policy policy;
  policy.roles = std::move(rules);
  return test::key(std::move(policy));
}

model::Findings judge_roles(const RoleRules& rules, const Roles& roles) {
  const model::KeyRecord record = test::record(roles);
  return judge(key_with(rules), &record, kNow);
}

bool is_missing(const model::Finding& finding) {
  return finding.kind == model::FindingKind::role_missing;
}

/// -1: no finding.
int worst(const model::Findings& findings) {
  int result = -1;
  for (const model::Finding& finding : findings) {
    if (!finding.waived) result = std::max(result, static_cast<int>(finding.severity));
  }
  return result;
}

bool any_matches(const std::vector<model::RolePattern>& patterns, const Role& role) {
  return std::ranges::any_of(patterns, [&](const auto& each) { return each.matches(role); });
}

/// A set of roles that exact rules can name.
Roles exact_roles() {
  Roles roles = *rc::gen::arbitrary<Roles>();
  std::erase_if(roles,
                [](const Role& role) { return role.scope.kind == model::ScopeKind::unknown; });
  std::ranges::sort(roles);
  const auto repeats = std::ranges::unique(roles);
  roles.erase(repeats.begin(), repeats.end());
  return roles;
}

RoleRules exact_rules(const Roles& roles) {
  RoleRules rules;
  for (const Role& role : roles) rules.required.push_back(test::exactly(role));
  rules.exact = true;
  return rules;
}

TEST_CASE("neither the order of roles nor a repeat matters") {
  CHECK(rc::check([](const RoleRules& rules, const Roles& roles, unsigned seed) {
    Roles shuffled = roles;
    if (!roles.empty()) shuffled.push_back(roles[seed % roles.size()]);
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(seed));
    RC_ASSERT(judge_roles(rules, shuffled) == judge_roles(rules, roles));
  }));
}

TEST_CASE("findings are sorted, and each subject comes once") {
  CHECK(rc::check([](const RoleRules& rules, const Roles& roles) {
    const model::Findings findings = judge_roles(rules, roles);
    for (std::size_t i = 1; i < findings.size(); ++i) {
      RC_ASSERT(sorts_before(findings[i - 1], findings[i]));
    }
  }));
}

TEST_CASE("adding a role that is not required never lowers the worst severity") {
  CHECK(rc::check([](const RoleRules& rules, Roles roles, const Role& added) {
    const model::Findings before = judge_roles(rules, roles);
    roles.push_back(added);
    model::Findings after = judge_roles(rules, roles);
    if (!any_matches(rules.required, added)) RC_ASSERT(worst(after) >= worst(before));

    // A required role heals what was missing; what is too much stays too much.
    model::Findings excess = before;
    std::erase_if(excess, is_missing);
    std::erase_if(after, is_missing);
    RC_ASSERT(worst(after) >= worst(excess));
  }));
}

TEST_CASE("waiving what is open never hides a wider grant that comes later") {
  CHECK(rc::check([](const RoleRules& rules, Roles roles, const Role& added) {
    RC_PRE(std::ranges::find(roles, added) == roles.end());
    RC_PRE(any_matches(rules.forbidden, added) ||
           (!any_matches(rules.required, added) && !any_matches(rules.allowed, added)));
    std::vector<model::Waiver> waivers;
    for (const model::Finding& finding : judge_roles(rules, roles)) {
      waivers.push_back({finding.kind, finding.role, finding.project_id, "",
                         kNow + std::chrono::hours(1), "why", ""});
    }
    model::Key key = key_with(rules);
    key.waivers = std::make_shared<const std::vector<model::Waiver>>(waivers);
    roles.push_back(added);
    const model::KeyRecord record = test::record(roles);
    const model::Findings findings = judge(key, &record, kNow);
    RC_ASSERT(std::ranges::count(findings, false, &model::Finding::waived) == 1);
    const auto open = std::ranges::find(findings, false, &model::Finding::waived);
    RC_ASSERT(open->role == added.name);
    RC_ASSERT(open->kind != model::FindingKind::role_missing);
  }));
}

TEST_CASE("exact rules that are met give no finding, and any change of one role gives one") {
  CHECK(rc::check([](const Role& changed) {
    Roles roles = exact_roles();
    const RoleRules rules = exact_rules(roles);
    RC_ASSERT(judge_roles(rules, roles).empty());

    const auto found = std::ranges::find(roles, changed);
    if (found != roles.end()) {
      roles.erase(found);
    } else {
      roles.push_back(changed);
    }
    const model::Findings findings = judge_roles(rules, roles);
    RC_ASSERT(findings.size() == 1u);
    RC_ASSERT(findings.front().role == changed.name);
  }));
}

TEST_CASE("a role that the order implies by an exact role never widens, and an unknown one does") {
  CHECK(rc::check([](const Role& held, const Role& role) {
    RC_PRE(held.scope.kind != model::ScopeKind::unknown);
    const RoleRules rules = exact_rules({held});
    if (held != role) RC_ASSERT(widens(role, rules) == !implies(held, role));
    RC_ASSERT(widens({"ORG_LATEST", {}}, rules));
  }));
}

TEST_CASE("the same input gives the same step") {
  CHECK(rc::check([](const RoleRules& rules, const Roles& first, const Roles& second) {
    const model::Key key = key_with(rules);
    const model::Observation poll{key.id, test::record(second), 200, kNow, {}};
    const model::KeyStatus before =
        advance({}, key, {key.id, test::record(first), 200, kNow, {}}).after;
    const Advance once = advance(before, key, poll);
    const Advance twice = advance(before, key, poll);
    RC_ASSERT(once.changes == twice.changes);
    RC_ASSERT((once.after.findings == nullptr) == (twice.after.findings == nullptr));
    if (once.after.findings) RC_ASSERT(*once.after.findings == *twice.after.findings);
  }));
}

TEST_CASE("an inconclusive poll opens and closes nothing, wherever it comes") {
  // Judging costs as much as rules and roles have pairs, at each of the polls: they are kept small.
  const auto a_few = [](auto gen) { return *rc::gen::resize(12, std::move(gen)); };
  CHECK(rc::check([&] {
    const RoleRules rules = a_few(rc::gen::arbitrary<RoleRules>());
    const auto answers = a_few(rc::gen::arbitrary<std::array<Roles, 3>>());
    const auto order = a_few(rc::gen::arbitrary<std::vector<std::uint8_t>>());
    constexpr model::State kFailures[]{model::State::forbidden, model::State::error,
                                       model::State::unauthorized, model::State::not_found,
                                       model::State::rate_limited};
    const model::Key key = key_with(rules);
    model::KeyStatus plain;
    model::KeyStatus disturbed;
    for (const std::uint8_t number : order) {
      const Roles& roles = answers[number % answers.size()];
      const model::Observation poll{key.id, test::record(roles), 200, kNow, {}};
      const model::Failure failure{kFailures[number % std::size(kFailures)], model::Reason::unknown,
                                   "failed"};
      const Advance failed = advance(disturbed, key, {key.id, failure, 0, kNow, {}});
      RC_ASSERT(failed.changes.empty());
      RC_ASSERT(failed.after.findings == disturbed.findings);
      RC_ASSERT(failed.after.evidence == disturbed.evidence);
      RC_ASSERT(failed.after.last_success == disturbed.last_success);
      const Advance with = advance(failed.after, key, poll);
      const Advance without = advance(plain, key, poll);
      RC_ASSERT(with.changes == without.changes);
      disturbed = with.after;
      plain = without.after;
    }
  }));
}

TEST_CASE("a key whose 26 roles are shuffled at every answer stays quiet for 1,000 polls") {
  Roles roles = test::roles({"ORG_MEMBER"});
  for (int i = 0; i < 25; ++i) {
    roles.push_back(test::role(fmt::format("GROUP_READ_ONLY@5f1a2b3c4d5e6f7a8b9c0{:03x}", i)));
  }
  RoleRules rules = exact_rules(roles);
  rules.required.pop_back();
  const model::Key key = key_with(rules);
  model::KeyStatus status = advance({}, key, {key.id, test::record(roles), 200, kNow, {}}).after;
  REQUIRE(status.findings->size() == 1);
  std::mt19937 random(1);
  for (int poll = 0; poll < 1000; ++poll) {
    std::shuffle(roles.begin(), roles.end(), random);
    const Advance step = advance(status, key, {key.id, test::record(roles), 200, kNow, {}});
    REQUIRE(step.changes.empty());
    REQUIRE(step.after.findings == status.findings);
    status = step.after;
  }
}

}  // namespace
}  // namespace aka::policy
