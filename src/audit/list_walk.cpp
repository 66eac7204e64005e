// Pages, and what each of them means for configured and for unlisted keys. Entry point:
// next_page(). Of configured keys a page is as good as a poll of each; of the others see
// policy/discovery.h.
#include "audit/list_walk.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "atlas/classify.h"
#include "policy/confirmation.h"

namespace aka::audit {

ListWalk::ListWalk(const model::Organization& organization, const std::string& own_public_key,
                   int confirm, Recorder& recorder, const Observers& observers,
                   const base::Clock& clock)
    : of_(organization),
      known_(organization, own_public_key),
      confirm_(confirm),
      recorder_(recorder),
      observers_(observers),
      clock_(clock) {
  if (of_.fetch == model::Fetch::list) pass_.emplace(of_);
}

std::optional<PageOutcome> ListWalk::next_page(atlas::Client& client, const http::Until& until,
                                               std::chrono::nanoseconds lateness) {
  auto fetched = client.get_page(of_.id, count_.next(), until);
  if (!fetched) return std::nullopt;
  PageOutcome outcome;
  outcome.traffic = *fetched;
  if (!fetched->page) {
    outcome.failure = fetched->page.error();
  } else {
    if (std::string endless = count_.add(*fetched->page); !endless.empty()) {
      outcome.failure = {model::State::error, model::Reason::invalid_body, std::move(endless)};
    }
    if (!fetched->page->unreadable.empty())
      hole_ = atlas::classify_unreadable(fetched->page->unreadable.front()).message;
  }
  outcome.finished = outcome.failure || fetched->page->last;
  observers_.page(
      {of_, *fetched, of_.discover ? learn(*fetched, outcome) : policy::DiscoveryAdvance{}});
  if (pass_) {
    if (fetched->page) judge(pass_->take(*fetched->page), outcome, lateness);
    // Pages that no configured key is on concern discovery alone.
    if (pass_->told_all() && !of_.discover) outcome.finished = true;
    if (outcome.failure) fail_untold(outcome, lateness);
    if (outcome.finished && !outcome.failure) conclude(outcome, lateness);
  }
  if (outcome.finished) begin();
  return outcome;
}

policy::DiscoveryAdvance ListWalk::learn(const atlas::FetchedPage& fetched, PageOutcome& outcome) {
  auto advance = recorder_.discover([&](const auto& before) {
    policy::DiscoveryAdvance next{before, {}, {}};
    if (fetched.page)
      next = policy::meet(before, sweep_, fetched.page->keys, known_, clock_.wall());
    if (!outcome.finished) return next;
    if (outcome.failure || !hole_.empty()) {
      next.after =
          policy::break_off(next.after, outcome.failure ? outcome.failure->message : hole_).after;
      return next;
    }
    auto end = policy::complete(next.after, sweep_, clock_.wall());
    next.after = std::move(end.after);
    std::ranges::move(end.changes, std::back_inserter(next.changes));
    std::ranges::move(end.keys, std::back_inserter(next.keys));
    return next;
  });
  if (!advance) return {};
  // What one sweep showed or lacked is looked for once more soon.
  const bool complete = outcome.finished && !outcome.failure && hole_.empty();
  outcome.unsure = complete && policy::awaits_confirmation(*advance->after, confirm_);
  return *std::move(advance);
}

void ListWalk::judge(std::vector<Told> told, PageOutcome& outcome,
                     std::chrono::nanoseconds lateness) {
  atlas::Traffic traffic;
  traffic.http_status = outcome.traffic.http_status;
  for (Told& one : told) {
    const auto after =
        recorder_.poll(one.key, std::move(one.answer), traffic, lateness, Request::shared);
    if (after && awaits_repeat(one.key, *after)) outcome.repeats.push_back(one.key);
  }
}

/// After the last page: who was on none.
void ListWalk::conclude(PageOutcome& outcome, std::chrono::nanoseconds lateness) {
  outcome.pages = count_.next() - 1;
  const base::Duration limit =
      recorder_.stale_after() * recorder_.organization().effective_interval;
  for (const std::uint32_t key : pass_->untold()) {
    const model::KeyStatus status = recorder_.status(key);
    if (outcome.pages > 1 ||
        !is_known_gone(status, of_.keys[key], confirm_, clock_.steady(), limit)) {
      outcome.lacking.push_back(key);
      continue;
    }
    // What stands for the key's own answer keeps the status of that.
    atlas::Traffic traffic;
    traffic.http_status = status.http_status;
    recorder_.poll(key, model::KeyMissing{}, traffic, lateness, Request::shared);
  }
}

void ListWalk::fail_untold(PageOutcome& outcome, std::chrono::nanoseconds lateness) {
  atlas::Traffic traffic;
  traffic.http_status = outcome.traffic.http_status;
  Request request = Request::own;
  for (const std::uint32_t key : pass_->untold()) {
    const auto after = recorder_.poll(key, *outcome.failure, traffic, lateness, request);
    request = Request::shared;
    if (after && awaits_repeat(key, *after)) outcome.unsure = true;
  }
}

bool ListWalk::awaits_repeat(std::uint32_t key, const model::KeyStatus& status) const {
  return policy::awaits_repeat(status, of_.keys[key], confirm_);
}

void ListWalk::begin() {
  count_ = {};
  if (pass_) pass_->begin();
  sweep_ = {};
  hole_.clear();
}

}  // namespace aka::audit
