#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/configuration.h"
#include "base/result.h"
#include "model/roster.h"
#include "store/store.h"

namespace aka::app {

/// One of the parts into which the organizations of a configuration fall, so that several processes
/// share the work. The configuration stays whole: it is the same for all of them.
struct Shard {
  int index = 0;  ///< from 0
  int count = 1;

  friend bool operator==(const Shard&, const Shard&) = default;
};

inline constexpr int kMostShards = 1000;

/// "2/4", as the journal and messages have it.
std::string to_string(const Shard& shard);

/// The value of an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const char*)>;
Environment process_environment();

/// "I/N" with 0 <= I < N; "ordinal/N": I is the number at the end of the pod's name, as a
/// StatefulSet gives it, which stands in POD_NAME or else in HOSTNAME.
base::Result<Shard> parse_shard(std::string_view text, const Environment& environment);

/// The shard, 0 to count - 1, that an organization belongs to, by rendezvous hashing: the one whose
/// score is the greatest, where the score of shard i is the SHA-256 of "<organization id>/<i>" (24
/// lowercase hex digits, a slash, decimal digits), compared byte by byte. It depends on nothing
/// else, and never changes: with one shard more, only those organizations move whose score for the
/// new shard is the greatest, about one in `count`.
int shard_of(model::OrganizationId organization, int count);

/// Whether it is watched here; without a shard all are.
bool is_own(const std::optional<Shard>& shard, model::OrganizationId organization);

/// The organizations that `keep` says, as a roster of their own; the same one if that is all.
std::shared_ptr<const model::Roster> part_of(
    const std::shared_ptr<const model::Roster>& roster,
    const std::function<bool(const model::Organization&)>& keep);

/// Where the shard's store is: "journal.db" becomes "journal-2.db".
std::string store_path_of(const std::string& path, int shard);

/// What a process of this shard watches, and the store of its own.
void confine(Configuration& configuration, const std::optional<Shard>& shard);

/// Takes out of `facts`, and answers, what is about organizations of other shards.
std::vector<store::Fact> take_foreign(const std::optional<Shard>& shard,
                                      std::vector<store::Fact>& facts);

}  // namespace aka::app
