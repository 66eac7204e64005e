// Laws of incidents over random runs of polls, failures, restarts, reloads and clock jumps. A run
// is a list of numbers, which is cheap to generate and to shrink.
#include <map>
#include <optional>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "incident/watched.h"
#include "policy/judge.h"
#include "policy/waivers.h"

namespace aka::incident {
namespace {

using model::Finding;
using model::FindingKind;
using std::chrono::hours;
using std::chrono::minutes;
using test::Watched;

enum class Deed { found, missing, failed, passed, restarted, reloaded, clock_moved };

struct Outcome {
  Deed deed = Deed::found;
  std::size_t key = 0;
  std::optional<model::Answer> answer;
  BookStep step;
};

model::Organization watched_organization() {
  model::Key absent = test::expected_key('3');
  absent.policy = nullptr;
  absent.expect = model::Expectation::absent;
  return test::organization_of({test::expected_key('1'), test::expected_key('2'), absent});
}

model::Answer record_of(unsigned choice) {
  switch (choice % 6) {
    case 0:
      return test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "ci");
    case 1:
      return test::record({}, "ci");
    case 2:
      return test::record(test::roles({"ORG_MEMBER", "ORG_BILLING_ADMIN"}), "other");
    default:
      return test::kAsItShouldBe;
  }
}

model::Answer failure_of(unsigned choice) {
  using model::Reason;
  switch (choice % 6) {
    case 0:
      return test::forbidden();
    case 1:
      return test::unauthorized();
    case 2:
      return test::not_found(Reason::unknown);
    case 3:
      return test::not_found(Reason::org_missing);
    case 4:
      return test::failed(model::State::rate_limited, Reason::throttled);
    default:
      return test::timed_out();
  }
}

void change_policy(model::Key& key, unsigned choice) {
  if (key.policy == nullptr) return;
  model::Policy policy = *key.policy;
  policy.roles->allowed =
      choice % 2 == 0 ? test::patterns({"ORG_READ_ONLY"}) : test::patterns({"ORG_OWNER"});
  key.policy = std::make_shared<const model::Policy>(policy);
}

void change_expectation(model::Key& key) {
  const bool was_present = key.expect == model::Expectation::present;
  key.expect = was_present ? model::Expectation::absent : model::Expectation::present;
  key.policy = was_present ? nullptr : test::expected_key('1').policy;
}

model::Organization changed(const Watched& watched, const model::Organization& whole,
                            std::size_t which, unsigned choice) {
  model::Organization next = watched.organization;
  if (which >= next.keys.size()) which = 0;
  switch (choice % 8) {
    case 0:
      if (next.keys.size() > 1) next.keys.erase(next.keys.begin() + static_cast<long>(which));
      break;
    case 1:
      for (const model::Key& key : whole.keys) {
        if (watched.index_of(key.id) == next.keys.size()) {
          next.keys.push_back(key);
          break;
        }
      }
      break;
    case 2:
      next.keys[which].owner = std::make_shared<const std::string>(choice % 2 ? "us" : "them");
      break;
    case 3:
      next.keys[which].name = next.keys[which].id.to_string() + (choice % 2 == 0 ? "a" : "b");
      break;
    case 4:
      change_policy(next.keys[which], choice / 8);
      break;
    case 6:
      change_expectation(next.keys[which]);
      break;
    case 5:
      next.keys[which].waivers = std::make_shared<const std::vector<model::Waiver>>(
          std::vector<model::Waiver>{{FindingKind::role_unexpected, "ORG_OWNER", "", "",
                                      watched.now.wall + hours(choice % 24), "why", ""},
                                     {FindingKind::key_missing, "", "", "",
                                      watched.now.wall + hours(choice % 24), "why", ""}});
      break;
    default:
      next.keys[which].waivers = nullptr;
  }
  return next;
}

/// One deed of a run, told by a number; `whole` has all keys that can come back.
Outcome perform(Watched& watched, const model::Organization& whole, unsigned number) {
  Outcome outcome;
  outcome.key = number % 3 % watched.organization.keys.size();
  const unsigned choice = number / 3 / 16;
  const unsigned deed = number / 3 % 16;
  watched.now.wall += std::chrono::seconds(1);
  watched.now.steady += std::chrono::seconds(1);
  if (deed < 5) {
    outcome.answer = record_of(choice);
  } else if (deed < 7) {
    outcome.deed = Deed::missing;
    outcome.answer = model::KeyMissing{};
  } else if (deed < 11) {
    outcome.deed = Deed::failed;
    outcome.answer = failure_of(choice);
  } else if (deed < 13) {
    outcome.deed = Deed::passed;
    outcome.step = watched.pass(minutes(choice % 40));
  } else if (deed == 13) {
    outcome.deed = Deed::restarted;
    outcome.step = watched.restart();
  } else if (deed == 14) {
    outcome.deed = Deed::reloaded;
    outcome.step = watched.reload(changed(watched, whole, outcome.key, choice));
  } else {
    outcome.deed = Deed::clock_moved;
    watched.now.wall += hours(static_cast<int>(choice % 48) - 24);
    outcome.step = watched.pass(std::chrono::seconds(0));
  }
  if (outcome.answer) outcome.step = watched.poll(outcome.key, *outcome.answer);
  return outcome;
}

using Run = std::vector<unsigned>;

rc::Gen<Run> runs() {
  return rc::gen::resize(
      60, rc::gen::container<Run>(rc::gen::resize(100, rc::gen::inRange(0u, 1u << 16))));
}

/// Without those that move the clock: ages survive a restart by it.
Run undisturbed_run() {
  Run run = *runs();
  std::erase_if(run, [](unsigned number) { return number / 3 % 16 == 15; });
  return run;
}

bool same_but_for_labels_that_change(const Alert& left, const Alert& right) {
  for (const char* label : {"alertname", "key_id", "kind", "role", "project_id"}) {
    const auto in_left = left.labels.find(label);
    const auto in_right = right.labels.find(label);
    const bool both = in_left != left.labels.end() && in_right != right.labels.end();
    if (both ? in_left->second != in_right->second
             : (in_left != left.labels.end()) != (in_right != right.labels.end())) {
      return false;
    }
  }
  return true;
}

bool fires(const Watched& watched, const model::Key& key, const Finding& finding) {
  const std::string name = std::string("AtlasKeyDrift ") + key.name + " " +
                           std::string(to_string(finding.kind)) +
                           (finding.role.empty() ? "" : " " + finding.role);
  return test::names_of(watched.book.firing()).contains(name);
}

/// Whether the end of this alert is the work of the configuration, as it is now.
bool is_configured_away(const Watched& watched, const Alert& alert, const BookStep& step) {
  for (const SharedAlert& opened : step.opened) {
    if (same_but_for_labels_that_change(*opened, alert)) return true;  // under another name
  }
  const auto id = model::KeyId::parse(alert.labels.at("key_id"));
  const std::size_t index = watched.index_of(*id);
  if (index == watched.keys.size()) return true;
  if (alert.name == AlertName::waiver_expiring) return true;
  const model::Expectation expect = watched.organization.keys[index].expect;
  Finding finding;
  finding.kind = FindingKind::key_missing;
  if (alert.name == AlertName::key_drift) {
    finding.kind = model::parse_finding_kind(alert.labels.at("kind")).value();
    if (alert.labels.contains("role")) finding.role = alert.labels.at("role");
    if (finding.kind == FindingKind::key_present && expect == model::Expectation::present) {
      return true;
    }
  } else if (alert.name != AlertName::key_not_found) {
    return false;
  } else if (expect == model::Expectation::absent) {
    return true;
  }
  return policy::is_waived(finding, watched.organization.keys[index], watched.now.wall);
}

void check_ends(const Watched& watched, const Outcome& outcome, bool was_unreachable) {
  for (const SharedAlert& alert : outcome.step.resolved) {
    RC_ASSERT(*alert->ends_at >= alert->starts_at);
    if (alert->name == AlertName::org_unreachable) {
      RC_ASSERT(!watched.of.unreachable);
      RC_ASSERT(!was_unreachable || outcome.deed == Deed::reloaded);
      continue;
    }
    switch (outcome.deed) {
      case Deed::found:
      case Deed::missing:
        RC_ASSERT(alert->labels.at("key_id") ==
                  watched.organization.keys[outcome.key].id.to_string());
        break;
      case Deed::reloaded:
        RC_ASSERT(is_configured_away(watched, *alert, outcome.step));
        break;
      case Deed::failed:
      case Deed::passed:
      case Deed::restarted:
      case Deed::clock_moved:
        // Time ends nothing but the warning that time will come; it may move back, too.
        RC_ASSERT(alert->name == AlertName::waiver_expiring ||
                  (outcome.deed == Deed::clock_moved &&
                   is_configured_away(watched, *alert, outcome.step)));
    }
  }
}

/// Counts for itself how many conclusive polls in a row had a finding.
class Counts {
 public:
  void note(const Watched& watched, const Outcome& outcome) {
    if (outcome.deed != Deed::found && outcome.deed != Deed::missing) return;
    const model::Key& key = watched.organization.keys[outcome.key];
    auto& before = seen_[key.id];
    std::map<std::string, int> now;
    const auto* record = std::get_if<model::KeyRecord>(&*outcome.answer);
    for (const Finding& finding : policy::judge(key, record, watched.now.wall)) {
      now[name(finding)] = before[name(finding)] + 1;
    }
    before = now;
  }

  /// A key that was away begins anew.
  void forget_removed(const Watched& watched) {
    std::erase_if(seen_, [&](const auto& entry) {
      return watched.index_of(entry.first) == watched.keys.size();
    });
  }

  int of(const model::Key& key, const Finding& finding) { return seen_[key.id][name(finding)]; }

 private:
  static std::string name(const Finding& finding) {
    return std::string(to_string(finding.kind)) + finding.role;
  }

  std::map<model::KeyId, std::map<std::string, int>> seen_;
};

void check_findings(const Watched& watched, Counts& counts) {
  for (std::size_t i = 0; i < watched.keys.size(); ++i) {
    const model::Key& key = watched.organization.keys[i];
    if (watched.keys[i].findings == nullptr) continue;
    for (const Finding& finding : *watched.keys[i].findings) {
      if (finding.kind == FindingKind::key_missing) continue;
      const bool due = policy::counts_at_once(finding) || counts.of(key, finding) >= 2;
      RC_ASSERT(fires(watched, key, finding) == (due && !finding.waived));
    }
  }
}

bool is_missed(const model::Key& key, base::WallTime now) {
  Finding finding;
  finding.kind = FindingKind::key_missing;
  return key.expect == model::Expectation::present && !policy::is_waived(finding, key, now);
}

/// After a step that looked at the key.
void check_missed(const Watched& watched, const Outcome& outcome) {
  if (outcome.deed == Deed::passed || outcome.deed == Deed::clock_moved) return;
  for (const SharedAlert& alert : watched.book.firing()) {
    if (alert->name != AlertName::key_not_found) continue;
    const std::size_t index = watched.index_of(*model::KeyId::parse(alert->labels.at("key_id")));
    const bool looked_at =
        outcome.deed == Deed::reloaded || outcome.deed == Deed::restarted || index == outcome.key;
    RC_ASSERT(!looked_at || is_missed(watched.organization.keys[index], watched.now.wall));
  }
}

TEST_CASE("only evidence and configuration end an alert, and each due finding has one") {
  CHECK(rc::check([] {
    const auto whole = watched_organization();
    Watched watched(whole);
    Counts counts;
    for (const unsigned number : *runs()) {
      const bool was_unreachable = watched.of.unreachable;
      const Outcome outcome = perform(watched, whole, number);
      counts.note(watched, outcome);
      counts.forget_removed(watched);
      check_ends(watched, outcome, was_unreachable);
      check_findings(watched, counts);
      check_missed(watched, outcome);
    }
  }));
}

TEST_CASE("a restart changes nothing that fires or resolved") {
  CHECK(rc::check([] {
    const auto whole = watched_organization();
    Watched watched(whole);
    for (const unsigned number : undisturbed_run()) perform(watched, whole, number);
    watched.pass(base::Duration::zero());  // what other keys decided
    const auto firing = test::names_of(watched.book.firing());
    const auto resolved = test::names_of(watched.book.resolved());
    RC_ASSERT(watched.restart().empty());
    RC_ASSERT(test::names_of(watched.book.firing()) == firing);
    RC_ASSERT(test::names_of(watched.book.resolved()) == resolved);
  }));
}

// Of a single key: whether several are out of reach has to be seen anew in each run.
TEST_CASE("a restart changes nothing that comes after it") {
  CHECK(rc::check([] {
    const auto whole = test::organization_of({test::expected_key('1')});
    Watched plain(whole);
    Watched restarted(whole);
    for (const unsigned number : undisturbed_run()) {
      perform(plain, whole, number);
      perform(restarted, whole, number);
      plain.pass(base::Duration::zero());
      restarted.pass(base::Duration::zero());
      RC_ASSERT(restarted.restart().empty());
      RC_ASSERT(test::names_of(restarted.book.firing()) == test::names_of(plain.book.firing()));
      RC_ASSERT(test::names_of(restarted.book.resolved()) == test::names_of(plain.book.resolved()));
    }
  }));
}

TEST_CASE("the same run gives the same alerts in the same order") {
  CHECK(rc::check([] {
    const Run run = *runs();
    const auto whole = watched_organization();
    Watched once(whole);
    Watched again(whole);
    for (const unsigned number : run) {
      const BookStep left = perform(once, whole, number).step;
      const BookStep right = perform(again, whole, number).step;
      const auto equal = [](const SharedAlert& one, const SharedAlert& other) {
        return *one == *other;
      };
      RC_ASSERT(std::ranges::equal(left.opened, right.opened, equal));
      RC_ASSERT(std::ranges::equal(left.resolved, right.resolved, equal));
    }
  }));
}

}  // namespace
}  // namespace aka::incident
