// What the ledger hands to the store is enough for a restart, though not every poll is kept.
#include <map>
#include <memory>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "incident/watched.h"
#include "ledger/ledger.h"
#include "support/fake_clock.h"

namespace aka::ledger {
namespace {

using std::chrono::minutes;

/// Facts as a store keeps them.
class Facts {
 public:
  void commit(const store::Transition& transition) {
    for (const store::Fact& fact : transition.facts) {
      if (fact.value) {
        facts_.insert_or_assign({fact.kind, fact.id}, *fact.value);
      } else {
        facts_.erase({fact.kind, fact.id});
      }
    }
  }

  store::Restored restored() const {
    store::Restored restored;
    for (const auto& [name, value] : facts_) {
      restored.facts.push_back({name.first, name.second, value});
    }
    return restored;
  }

 private:
  std::map<std::pair<store::FactKind, std::string>, std::string> facts_;
};

/// One key that is watched with a ledger and without a daemon.
class Run {
 public:
  Run() {
    auto roster = std::make_shared<model::Roster>();
    roster->organizations.push_back(test::organization_of({test::expected_key('1')}));
    roster->key_count = 1;
    roster_ = std::move(roster);
    begin(nullptr);
  }

  /// Each step takes whole minutes, which is how exactly a key's last conclusive poll is kept.
  void poll(const model::Answer& answer) {
    const model::Observation observation{key().id, answer, 200, clock_.wall(), clock_.steady()};
    model::OrganizationStatus of;
    policy::Advance advance;
    table_->update(0, 0, [&](model::KeyStatus& status, model::OrganizationStatus& organization) {
      policy::forget_outage(status, organization);
      advance = policy::advance(status, key(), observation);
      status = advance.after;
      policy::note_poll(organization, observation);
      of = organization;
    });
    ledger_->key(Cause::evidence, organization(), key(), advance, of);
    pass(1);
  }

  void pass(int how_many_minutes) {
    clock_.advance(minutes(how_many_minutes));
    ledger_->tick(*table_, {});
  }

  /// The process is killed, and another begins.
  void restart() {
    ledger_.reset();
    begin(roster_.get());
  }

  std::set<std::string> firing() const { return test::names_of(ledger_->shown().firing); }
  std::set<std::string> resolved() const { return test::names_of(ledger_->shown().resolved); }

 private:
  const model::Organization& organization() const { return roster_->organizations[0]; }
  const model::Key& key() const { return organization().keys[0]; }

  void begin(const model::Roster* before) {
    ledger_ = std::make_unique<Ledger>(
        [this](const store::Transition& transition, const std::function<void(bool)>& then) {
          facts_.commit(transition);
          waiting_.push_back(then);
        },
        [](const std::vector<Outgoing>&) {}, clock_);
    const Remembered remembered = ledger_->restore(facts_.restored());
    // With more than two polls to confirm, there is one in the middle that changes nothing else.
    ledger_->configure({.confirm = 3, .stale_after = 3, .labels = {}});
    table_ = std::make_unique<model::StatusTable>(roster_, 3);
    model::OrganizationStatus of;
    const auto known = remembered.organizations.find(organization().id);
    if (known != remembered.organizations.end()) of = known->second;
    of.effective_interval = minutes(5);
    table_->set_organization(0, of);
    model::KeyStatus status;
    status.watched_since = clock_.wall();
    status.watched_since_steady = clock_.steady();
    const auto kept = remembered.keys.find({organization().id, key().id});
    if (kept != remembered.keys.end()) status = kept->second;
    ledger_->adopted(ledger::compare(before, *roster_), *roster_);
    const auto advance = policy::carry_over(status, policy::Rules::same, key(), clock_.wall());
    table_->set_key(0, advance.after);
    if (before != nullptr) {
      ledger_->key(Cause::configuration, organization(), key(), advance, of);
    }
  }

  testing::FakeClock clock_;
  Facts facts_;
  std::vector<std::function<void(bool)>> waiting_;
  std::shared_ptr<const model::Roster> roster_;
  std::unique_ptr<model::StatusTable> table_;
  std::unique_ptr<Ledger> ledger_;
};

model::Answer answer(unsigned choice) {
  switch (choice % 10) {
    case 0:
      return model::KeyMissing{};
    case 1:
      return test::forbidden();
    case 2:
      return test::unauthorized();
    case 3:
      return test::not_found(model::Reason::unknown);
    case 4:
      return test::timed_out();
    case 5:
      return test::record({}, "ci");
    case 6:
      return test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "other");
    default:
      return test::kAsItShouldBe;
  }
}

void perform(Run& run, unsigned number) {
  if (number % 11 == 10) {
    run.pass(static_cast<int>(number / 11 % 20));
  } else {
    run.poll(answer(number % 11));
  }
}

TEST_CASE("killed at any moment, it goes on as if nothing had been") {
  CHECK(rc::check([] {
    const auto numbers =
        *rc::gen::resize(60, rc::gen::container<std::vector<unsigned>>(
                                 rc::gen::resize(100, rc::gen::inRange(0u, 11u * 32u))));
    Run plain;
    Run killed;
    for (const unsigned number : numbers) {
      perform(plain, number);
      perform(killed, number);
      if (number / 11 % 3 == 0) killed.restart();
      RC_ASSERT(killed.firing() == plain.firing());
      RC_ASSERT(killed.resolved() == plain.resolved());
    }
  }));
}

}  // namespace
}  // namespace aka::ledger
