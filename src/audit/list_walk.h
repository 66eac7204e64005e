#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "atlas/client.h"
#include "audit/listing.h"
#include "audit/observers.h"
#include "audit/recorder.h"
#include "base/stop.h"
#include "policy/discovery.h"

namespace aka::audit {

/// What a page came to, as far as the schedule asks.
struct PageOutcome {
  std::optional<model::Failure> failure;
  atlas::Traffic traffic;
  bool finished = true;  ///< this was the last page, or the walk broke off
  int pages = 0;         ///< of a walk that came to the end of the list: how long that is
  /// Configured keys that the whole list lacks, to be asked for by themselves before anything is
  /// concluded.
  std::vector<std::uint32_t> lacking;
  std::vector<std::uint32_t>
      repeats;          ///< those that a repeat would confirm in what was said of them
  bool unsure = false;  ///< a repeat of the walk would confirm what it, or its failure, showed
};

/// Walks through an organization's list of keys, page by page, over and over: with `fetch: list`
/// for the sake of the configured keys, with `discover: true` for those that are not, with both at
/// once. Used by one thread at a time.
class ListWalk {
 public:
  /// `organization`, `recorder` and `observers` must outlive it.
  ListWalk(const model::Organization& organization, const std::string& own_public_key, int confirm,
           Recorder& recorder, const Observers& observers, const base::Clock& clock);

  /// Asks for the next page, the first one after a walk that finished. Nothing exactly if a stop
  /// cut it short.
  std::optional<PageOutcome> next_page(atlas::Client& client, const http::Until& until,
                                       std::chrono::nanoseconds lateness);

  bool at_first_page() const { return count_.next() == 1; }

 private:
  policy::DiscoveryAdvance learn(const atlas::FetchedPage& fetched, PageOutcome& outcome);
  void judge(std::vector<Told> told, PageOutcome& outcome, std::chrono::nanoseconds lateness);
  void conclude(PageOutcome& outcome, std::chrono::nanoseconds lateness);
  void fail_untold(PageOutcome& outcome, std::chrono::nanoseconds lateness);
  bool awaits_repeat(std::uint32_t key, const model::KeyStatus& status) const;
  void begin();

  const model::Organization& of_;
  const policy::KnownKeys known_;
  const int confirm_;
  Recorder& recorder_;
  const Observers& observers_;
  const base::Clock& clock_;

  PageCount count_;
  std::optional<ListPass> pass_;  // with `fetch: list`
  policy::Sweep sweep_;
  std::string hole_;  // why a key in the list could not be read; empty: all were
};

}  // namespace aka::audit
