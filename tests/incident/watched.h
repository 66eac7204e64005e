#pragma once

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "incident/book.h"
#include "incident/conditions.h"
#include "incident/remembered.h"
#include "policy/advance.h"
#include "policy/confirmation.h"
#include "support/audited.h"

namespace aka::test {

inline const model::KeyRecord kAsItShouldBe = record(roles({"ORG_MEMBER"}), "ci");

inline model::Failure failed(model::State state, model::Reason reason) {
  return {state, reason, "it failed"};
}
inline model::Failure forbidden() {
  return failed(model::State::forbidden, model::Reason::role_too_low);
}
inline model::Failure unauthorized() {
  return failed(model::State::unauthorized, model::Reason::bad_credentials);
}
inline model::Failure timed_out() { return failed(model::State::error, model::Reason::timeout); }
inline model::Failure not_found(model::Reason reason) {
  return failed(model::State::not_found, reason);
}

/// An expected key: exactly ORG_MEMBER, described as "ci". Its id ends in `digit`.
inline model::Key expected_key(char digit) {
  model::Policy policy;
  policy.description = "ci";
  policy.roles = model::RoleRules{patterns({"ORG_MEMBER"}), {}, {}, true};
  std::string id(kKey);
  id.back() = digit;
  model::Key result = key(std::move(policy), id);
  result.name = std::string("key") + digit;
  result.owner = std::make_shared<const std::string>("owners");
  return result;
}

inline model::Organization organization_of(std::vector<model::Key> keys) {
  model::Organization organization;
  organization.id = model::OrganizationId::parse(kOrganization).value();
  organization.name = "prod";
  organization.interval = std::chrono::minutes(5);
  organization.owner = std::make_shared<const std::string>("platform");
  organization.keys = std::move(keys);
  return organization;
}

/// One organization that is watched without a daemon: the same steps, on one thread, by a clock
/// that the test moves.
class Watched {
 public:
  explicit Watched(model::Organization watched) : organization(std::move(watched)) {
    of.effective_interval = organization.interval;
    of.watched_since = now.steady;
    model::KeyStatus fresh;
    fresh.watched_since = now.wall;
    fresh.watched_since_steady = now.steady;
    keys.assign(organization.keys.size(), fresh);
  }

  incident::BookStep poll(std::size_t key, model::Answer answer) {
    if (auto* found = std::get_if<model::KeyRecord>(&answer)) found->id = organization.keys[key].id;
    const model::Observation observation{organization.keys[key].id, std::move(answer), 200,
                                         now.wall, now.steady};
    policy::forget_outage(keys[key], of);
    keys[key] = policy::advance(keys[key], organization.keys[key], observation).after;
    policy::note_poll(of, observation);
    return settle(key);
  }

  incident::BookStep pass(base::Duration time) {
    now.wall += time;
    now.steady += time;
    if (policy::is_out_of_reach(organization, of, now.steady)) of.unreachable = true;
    incident::BookStep step = settle_organization();
    for (std::size_t key = 0; key < keys.size(); ++key) {
      const auto lapse = policy::reevaluate(keys[key], organization.keys[key], now.wall);
      keys[key] = lapse.after;
      add(step, lapse.changes.empty() ? settle_by_time(key) : settle(key));
    }
    return step;
  }

  /// Keys are known again by their ids; those that are gone resolve.
  incident::BookStep reload(model::Organization next) {
    const Watched before = *this;
    *this = Watched(std::move(next));
    book = before.book;
    now = before.now;
    terms = before.terms;
    const base::Duration interval = of.effective_interval;
    of = before.of;
    of.effective_interval = interval;
    for (std::size_t key = 0; key < keys.size(); ++key) {
      keys[key].watched_since = now.wall;
      keys[key].watched_since_steady = now.steady;
      const auto old = before.index_of(organization.keys[key].id);
      if (old == before.keys.size()) continue;
      keys[key] = policy::carry_over(
                      before.keys[old],
                      policy::rules_between(before.organization.keys[old], organization.keys[key]),
                      organization.keys[key], now.wall)
                      .after;
    }
    incident::BookStep step = settle_organization();
    for (std::size_t key = 0; key < keys.size(); ++key) add(step, settle(key));
    for (const incident::Scope& scope : book.scopes()) {
      if (scope.key == model::KeyId{} || index_of(scope.key) < keys.size()) continue;
      add(step, book.reconcile(scope, {}, now.wall));
    }
    return step;
  }

  /// Through what is kept on the disk; the steady clock of the next run, which begins `off` later
  /// by the wall clock, begins elsewhere.
  incident::BookStep restart(base::Duration off = {}) {
    std::vector<incident::Alert> alerts;
    for (const auto& list : {book.firing(), book.resolved()}) {
      for (const auto& alert : list) {
        alerts.push_back(incident::parse_alert(to_text(*alert)).value());
      }
    }
    std::vector<std::string> texts;
    for (const model::KeyStatus& key : keys) texts.push_back(to_text(key, now));
    const std::string text = to_text(of, now);
    now.steady = base::SteadyTime(std::chrono::minutes(1));
    now.wall += off;
    of = incident::parse_organization_status(text, now).value();
    of.effective_interval = organization.interval;
    for (std::size_t key = 0; key < keys.size(); ++key) {
      keys[key] = incident::parse_key_status(texts[key], now).value();
    }
    book = {};
    book.restore(std::move(alerts));
    return reload(organization);
  }

  std::size_t index_of(model::KeyId id) const {
    const auto found = std::ranges::find(organization.keys, id, &model::Key::id);
    return static_cast<std::size_t>(found - organization.keys.begin());
  }

  model::Organization organization;
  std::vector<model::KeyStatus> keys;
  model::OrganizationStatus of;
  incident::Book book;
  incident::Terms terms;
  incident::Now now{at("2026-11-24T05:00:00Z"), base::SteadyTime(std::chrono::hours(50))};

 private:
  incident::BookStep settle(std::size_t key) {
    const incident::Scope scope{organization.id, organization.keys[key].id};
    const auto held = book.fires_nothing(scope) ? incident::Held::left_out : incident::Held::listed;
    return book.reconcile(
        scope, conditions_of(organization, organization.keys[key], keys[key], of, terms, now, held),
        now.wall,
        keys[key].evidence == model::Evidence::none ? incident::Silence::proves_nothing
                                                    : incident::Silence::disproves);
  }

  incident::BookStep settle_by_time(std::size_t key) {
    const base::SteadyTime stale_before = now.steady - incident::stale_limit(of, terms);
    if (!incident::depends_on_time(organization.keys[key], keys[key], stale_before)) return {};
    return book.reconcile(
        {organization.id, organization.keys[key].id},
        conditions_by_time(organization, organization.keys[key], keys[key], of, terms, now),
        now.wall, incident::Silence::proves_nothing);
  }

  incident::BookStep settle_organization() {
    return book.reconcile({organization.id, {}}, conditions_of(organization, of, terms), now.wall);
  }

  static void add(incident::BookStep& all, incident::BookStep step) {
    std::ranges::move(step.opened, std::back_inserter(all.opened));
    std::ranges::move(step.resolved, std::back_inserter(all.resolved));
  }
};

/// "AtlasKeyDrift key1 role_unexpected ORG_OWNER": the name, and what tells it from its like.
inline std::string named(const incident::Alert& alert) {
  std::string text = alert.labels.at("alertname");
  for (const char* label : {"key", "kind", "role", "project_id", "sink"}) {
    const auto found = alert.labels.find(label);
    if (found != alert.labels.end()) text += " " + found->second;
  }
  return text;
}

inline std::set<std::string> names_of(const std::vector<incident::SharedAlert>& alerts) {
  std::set<std::string> names;
  for (const auto& alert : alerts) names.insert(named(*alert));
  return names;
}

}  // namespace aka::test

template <>
struct doctest::StringMaker<std::set<std::string>> {
  static doctest::String convert(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += "[" + name + "]";
    return text.c_str();
  }
};
