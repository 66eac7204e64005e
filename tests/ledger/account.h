#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "incident/watched.h"
#include "ledger/ledger.h"
#include "support/fake_clock.h"

namespace aka::test {

/// What is on the disk, as a store keeps it.
struct Disk {
  std::map<std::pair<store::FactKind, std::string>, std::string> facts;
  std::map<std::int64_t, store::OutboxEntry> outbox;
  std::vector<journal::Draft> records;
  std::int64_t last_outbox_id = 0;

  void write(const store::Transition& transition) {
    for (const store::Fact& fact : transition.facts) {
      if (fact.value) {
        facts.insert_or_assign({fact.kind, fact.id}, *fact.value);
      } else {
        facts.erase({fact.kind, fact.id});
      }
    }
    for (const store::OutboxEntry& entry : transition.outbox) {
      outbox.insert_or_assign(entry.id, entry);
      last_outbox_id = std::max(last_outbox_id, entry.id);
    }
    for (const std::int64_t id : transition.delivered) outbox.erase(id);
    records.insert(records.end(), transition.records.begin(), transition.records.end());
  }

  store::Restored restored() const {
    store::Restored restored;
    for (const auto& [name, value] : facts) {
      restored.facts.push_back({name.first, name.second, value});
    }
    for (const auto& [id, entry] : outbox) restored.outbox.push_back(entry);
    restored.last_outbox_id = last_outbox_id;
    return restored;
  }

  /// The alerts that fire, or those that resolved.
  std::vector<incident::SharedAlert> alerts(bool resolved) const {
    std::vector<incident::SharedAlert> all;
    for (const auto& [name, value] : facts) {
      if (name.first != store::FactKind::alert) continue;
      const auto alert = incident::parse_alert(value).value();
      if (alert.ends_at.has_value() == resolved) {
        all.push_back(std::make_shared<const incident::Alert>(alert));
      }
    }
    return all;
  }

  std::vector<journal::Draft> records_of(journal::RecordType type) const {
    std::vector<journal::Draft> some;
    std::ranges::copy_if(records, std::back_inserter(some),
                         [type](const journal::Draft& record) { return record.type == type; });
    return some;
  }
};

inline std::shared_ptr<const model::Roster> roster_of(std::vector<model::Organization> all) {
  auto roster = std::make_shared<model::Roster>();
  for (model::Organization& organization : all) {
    organization.first_key = roster->key_count;
    roster->key_count += organization.keys.size();
  }
  roster->organizations = std::move(all);
  return roster;
}

/// A ledger whose disk the test commits to, whose receivers take what the test lets them take, and
/// whose process the test kills. One thread.
class Account {
 public:
  using Roster = std::shared_ptr<const model::Roster>;

  explicit Account(Roster roster, std::vector<std::string> sinks = {"a", "b"})
      : sinks_(std::move(sinks)) {
    start(nullptr, std::move(roster));
  }
  explicit Account(model::Organization organization)
      : Account(roster_of({std::move(organization)})) {}

  policy::Advance poll(std::size_t index, model::Answer answer) {
    const std::size_t o = organization_of_key(index);
    const model::Organization& organization = roster_->organizations[o];
    const model::Key& key = organization.keys[index - organization.first_key];
    if (auto* found = std::get_if<model::KeyRecord>(&answer)) found->id = key.id;
    const model::Observation observation{key.id, std::move(answer), 200, clock.wall(),
                                         clock.steady()};
    model::OrganizationStatus of;
    policy::Advance advance;
    table_->update(index, o, [&](model::KeyStatus& status, model::OrganizationStatus& known) {
      policy::forget_outage(status, known);
      advance = policy::advance(status, key, observation);
      status = advance.after;
      policy::note_poll(known, observation);
      of = known;
    });
    ledger_->key(ledger::Cause::evidence, organization, key, advance, of);
    return advance;
  }

  void tick(const std::vector<ledger::Waiting>& receivers = {}) {
    for (std::size_t o = 0; o < roster_->organizations.size(); ++o) {
      const model::Organization& organization = roster_->organizations[o];
      for (std::size_t k = 0; k < organization.keys.size(); ++k) lapse(o, k);
      table_->update_organization(o, [&](model::OrganizationStatus& of) {
        if (policy::is_out_of_reach(organization, of, clock.steady())) of.unreachable = true;
      });
    }
    ledger_->tick(*table_, receivers);
  }

  void pass(std::chrono::nanoseconds time) {
    clock.advance(time);
    tick();
  }

  void reload(Roster next, const std::vector<policy::Weakening>& weaker = {}) {
    ledger_->configure(terms);
    adopt(std::move(next), weaker);
  }

  /// The first so many of the transitions that wait; a disk that fails has them wait on.
  void commit(std::size_t most = static_cast<std::size_t>(-1)) {
    for (; most > 0 && !waiting.empty(); --most) {
      const auto [transition, then] = std::move(waiting.front());
      waiting.pop_front();
      disk.write(transition);
      then(true);
    }
  }

  /// The receivers take the first so many of what was sent to them.
  void deliver(std::size_t most = static_cast<std::size_t>(-1)) {
    for (; most > 0 && !sent.empty(); --most) {
      const ledger::Outgoing one = std::move(sent.front());
      sent.pop_front();
      accepted.push_back(one);
      ledger_->delivered(one.sink, {one.alert}, {one.id});
    }
  }

  /// What was not committed is lost.
  void kill_and_start(Roster next = nullptr) {
    waiting.clear();
    sent.clear();
    const Roster before = roster_;
    start(before.get(), next == nullptr ? before : next);
  }

  ledger::Ledger& ledger() { return *ledger_; }
  const model::StatusTable& table() const { return *table_; }
  const Roster& roster() const { return roster_; }
  std::set<std::string> firing() const { return names_of(ledger_->shown().firing); }
  std::set<std::string> resolved() const { return names_of(ledger_->shown().resolved); }

  testing::FakeClock clock;
  incident::Terms terms;
  Disk disk;
  std::deque<std::pair<store::Transition, std::function<void(bool)>>> waiting;
  std::deque<ledger::Outgoing> sent;
  std::vector<ledger::Outgoing> accepted;

 private:
  std::size_t organization_of_key(std::size_t index) const {
    std::size_t o = 0;
    while (index >= roster_->organizations[o].first_key + roster_->organizations[o].keys.size())
      ++o;
    return o;
  }

  void send(std::vector<ledger::Outgoing> outgoing) {
    std::ranges::move(outgoing, std::back_inserter(sent));
  }

  void start(const model::Roster* before, Roster next) {
    ledger_ = std::make_unique<ledger::Ledger>(
        [this](store::Transition transition, std::function<void(bool)> then) {
          waiting.emplace_back(std::move(transition), std::move(then));
        },
        [this](std::vector<ledger::Outgoing> outgoing) { send(std::move(outgoing)); }, clock);
    ledger::Remembered remembered = ledger_->restore(disk.restored());
    ledger_->configure(terms);
    send(std::move(remembered.outbox));
    send(ledger_->tell_newcomers(sinks_));
    if (before != nullptr) recall(remembered);
    adopt(std::move(next), {});
  }

  /// The table as the process before would have it.
  void recall(const ledger::Remembered& remembered) {
    table_ = std::make_unique<model::StatusTable>(roster_, terms.stale_after);
    for (std::size_t o = 0; o < roster_->organizations.size(); ++o) {
      const model::Organization& organization = roster_->organizations[o];
      model::OrganizationStatus of;
      of.watched_since = clock.steady();
      const auto known = remembered.organizations.find(organization.id);
      if (known != remembered.organizations.end()) of = known->second;
      for (std::size_t k = 0; k < organization.keys.size(); ++k) {
        const auto key = remembered.keys.find({organization.id, organization.keys[k].id});
        const model::KeyStatus status = key == remembered.keys.end() ? fresh() : key->second;
        table_->set_key(organization.first_key + k, status);
        if (status.last_success == base::WallTime{}) continue;
        if (of.last_conclusive == base::SteadyTime{} ||
            of.last_conclusive < status.last_success_steady) {
          of.last_conclusive = status.last_success_steady;
        }
      }
      table_->set_organization(o, of);
    }
  }

  model::KeyStatus fresh() const {
    model::KeyStatus status;
    status.watched_since = clock.wall();
    status.watched_since_steady = clock.steady();
    return status;
  }

  void adopt(Roster next, const std::vector<policy::Weakening>& weaker) {
    const auto table = std::move(table_);
    const Roster before = table == nullptr ? nullptr : roster_;
    roster_ = std::move(next);
    table_ = std::make_unique<model::StatusTable>(roster_, terms.stale_after);
    ledger_->adopted(ledger::compare(before.get(), *roster_), *roster_);
    for (std::size_t o = 0; o < roster_->organizations.size(); ++o) {
      carry_organization(o, before.get(), table.get());
    }
    ledger_->loaded("the text", "its hash", *roster_, weaker);
  }

  void carry_organization(std::size_t o, const model::Roster* before,
                          const model::StatusTable* table) {
    const model::Organization& organization = roster_->organizations[o];
    model::OrganizationStatus of;
    of.watched_since = clock.steady();
    const model::Organization* old = nullptr;
    for (std::size_t i = 0; before != nullptr && i < before->organizations.size(); ++i) {
      if (before->organizations[i].id != organization.id) continue;
      old = &before->organizations[i];
      of = table->organization(i);
    }
    of.effective_interval = organization.interval;
    table_->set_organization(o, of);
    if (old != nullptr) {
      const auto advance = policy::carry_over(of.discovery, organization);
      ledger_->discovery(ledger::Cause::configuration, organization, advance, of);
    }
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      const std::size_t index = organization.first_key + k;
      table_->set_key(index, fresh());
      if (old == nullptr) continue;
      const auto same = std::ranges::find(old->keys, organization.keys[k].id, &model::Key::id);
      if (same == old->keys.end()) continue;
      const auto place = static_cast<std::size_t>(same - old->keys.begin());
      const auto advance = policy::carry_over(table->key(old->first_key + place),
                                              policy::rules_between(*same, organization.keys[k]),
                                              organization.keys[k], clock.wall());
      table_->set_key(index, advance.after);
      ledger_->key(ledger::Cause::configuration, organization, organization.keys[k], advance, of);
    }
  }

  void lapse(std::size_t o, std::size_t k) {
    const model::Organization& organization = roster_->organizations[o];
    const std::size_t index = organization.first_key + k;
    const auto advance = policy::reevaluate(table_->key(index), organization.keys[k], clock.wall());
    if (advance.changes.empty()) return;
    table_->set_key(index, advance.after);
    ledger_->key(ledger::Cause::time, organization, organization.keys[k], advance,
                 table_->organization(o));
  }

  const std::vector<std::string> sinks_;
  Roster roster_;
  std::unique_ptr<model::StatusTable> table_;
  std::unique_ptr<ledger::Ledger> ledger_;
};

}  // namespace aka::test
