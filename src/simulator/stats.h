#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>

namespace aka::simulator {

/// How often each status was answered; 0 counts the requests that got no readable answer.
/// Safe from any thread.
class StatusCounts {
 public:
  void add(int status);
  std::map<int, std::uint64_t> counted() const;  ///< those above zero

 private:
  std::array<std::atomic<std::uint64_t>, 600> counts_{};
};

/// What is counted beside the statuses. Safe from any thread.
struct Stats {
  StatusCounts by_status;
  std::array<std::atomic<std::uint64_t>, 16> by_route{};  ///< by Route
  std::atomic<std::uint64_t> challenges{0};               ///< 401 answers that asked for a digest
  std::atomic<std::uint64_t> stale_challenges{0};         ///< of these, with stale=true
  std::atomic<std::uint64_t> tokens_issued{0};
  std::atomic<std::uint64_t> tokens_revoked{0};
  std::atomic<std::uint64_t> faults_hit{0};
};

}  // namespace aka::simulator
