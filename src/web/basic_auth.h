#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "web/security_settings.h"

namespace aka::web {

struct Login {
  std::string user;
  base::Secret password;
};

/// The name and password of an Authorization header; nothing unless it is a whole "Basic" one.
std::optional<Login> parse_login(std::string_view authorization);

/// Whether the password has this bcrypt hash; as slow as the hash's cost says.
bool bcrypt_matches(const base::Secret& password, const std::string& hash);

/// Judges logins at a bounded cost. What was computed once is remembered by a keyed hash, so that a
/// scrape computes nothing; the rest may take a fifth of one processor, and a peer that keeps
/// being wrong a few attempts, then one every other second. Safe from any thread.
class BasicAuth {
 public:
  enum class Verdict {
    granted,
    refused,
    busy,  ///< not looked at: too much was asked of late
  };
  using Matches = std::function<bool(const base::Secret& password, const std::string& hash)>;

  explicit BasicAuth(const base::Clock& clock, Matches matches = bcrypt_matches);

  /// `users` may be others each time. `host` is the peer's address.
  Verdict judge(const Users& users, const Login& login, const std::string& host);

 private:
  using Digest = std::array<unsigned char, 32>;

  /// The youngest so many.
  class Memory {
   public:
    explicit Memory(std::size_t capacity) : capacity_(capacity) {}
    bool holds(const Digest& digest) const { return digests_.contains(digest); }
    void add(const Digest& digest);

   private:
    std::size_t capacity_;
    std::set<Digest> digests_;
    std::deque<Digest> by_age_;
  };

  /// Fills up with time, to a limit.
  struct Bucket {
    double level;
    base::SteadyTime filled;
  };

  Digest digest_of(const Login& login, const std::string& hash) const;
  std::optional<Verdict> recall(const Digest& digest) const;
  bool may_compute(const std::string& host);
  void charge(const std::string& host, bool matched, double seconds);

  const base::Clock& clock_;
  const Matches matches_;
  Digest key_{};
  std::mutex computing_;  // one computation at a time; taken before mutex_ if both

  mutable std::mutex mutex_;  // guards all below
  Memory granted_;
  Memory refused_;
  Bucket seconds_;                          // of processor time
  std::map<std::string, Bucket> attempts_;  // by host, of those that were wrong of late
  int waiting_ = 0;
};

}  // namespace aka::web
