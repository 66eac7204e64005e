#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "base/section.h"
#include "simulator/target.h"

namespace aka::simulator {

/// What a fault does. docs/simulator.md explains each, with its parameters.
enum class Effect {
  answer,
  html503,
  throttle,
  reset,
  truncate,
  garbage,
  slow_body,
  slow_headers,
  delay,
  patch,
  expose_private_key,
  huge_body,
  many_headers,
  idle_close,
  mute_handshake,
};

/// Where in the handling of a request a fault strikes.
enum class Stage {
  arrival,  ///< before authentication
  answer,   ///< in place of, or on top of, the answer to an authenticated request
};

struct Fault {
  Effect effect = Effect::answer;
  std::string source;  ///< as it was given, compact JSON

  // Which requests it strikes; empty means any.
  std::string org;
  std::string key;   ///< a listing holds no key, so such a fault leaves it alone
  std::string path;  ///< what the path begins with
  Stage stage = Stage::answer;
  double share = 1;                ///< of the requests that match
  std::optional<long long> count;  ///< how many it strikes before it is spent

  // What the effects need.
  base::Duration delay{0};  ///< waited before the answer, with any effect
  int status = 0;
  std::string code;
  std::string content_type;
  std::string body;  ///< for `patch`: the patch
  bool has_body = false;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<long long> retry_after;  ///< seconds
  long long bytes = 0;
  base::Duration pause{0};  ///< between two bytes, or until an idle connection is closed
};

/// One fault or a list of them; unknown members and effects are complaints.
std::vector<Fault> read_faults(const base::Section& section, base::Diagnostics& diagnostics);

/// The faults in force. Safe from any thread.
class FaultBoard {
 public:
  void add(std::vector<Fault> faults);
  void clear();

  /// The first fault that matches and whose share and count allow it; nothing: none. `seed` varies
  /// from request to request and decides the share.
  std::shared_ptr<const Fault> claim(Stage stage, const Target& target, std::string_view path,
                                     std::uint64_t seed);
  /// Whether a new connection is to be held without a word.
  bool claim_mute(std::uint64_t seed);
  /// After how long an idle connection is closed; the last fault that says so counts.
  std::optional<base::Duration> idle_close() const;

  /// A JSON array: each fault as given, and how often it struck.
  std::string json() const;

 private:
  struct Entry {
    Fault fault;
    std::atomic<std::uint64_t> hits{0};
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;

  std::shared_ptr<const Entries> entries() const;
  static bool strike(Entry& entry, std::uint64_t seed);

  std::atomic<bool> any_{false};  ///< spares the lock while there is no fault
  mutable std::mutex mutex_;      ///< guards what follows
  std::shared_ptr<const Entries> entries_ = std::make_shared<const Entries>();
};

}  // namespace aka::simulator
