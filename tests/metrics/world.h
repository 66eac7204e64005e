#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace aka::metrics::testing {

/// Puts a snapshot together, at a fixed instant: 2026-11-24T06:00:00Z, 1,000 hours after boot.
class World {
 public:
  static constexpr base::WallTime kWall{std::chrono::milliseconds(1795500000000)};
  static constexpr base::SteadyTime kSteady{std::chrono::hours(1000)};

  model::Organization& add_organization(std::string name);
  /// To the organization added last, under the policy "ci" and the owner "platform-team".
  model::Key& add_key(std::string name, model::KeyStatus status);
  model::OrganizationStatus& status() { return statuses_.back(); }

  model::Snapshot snapshot() const;

 private:
  model::Roster roster_;
  std::vector<model::OrganizationStatus> statuses_;
  std::vector<model::KeyStatus> keys_;
};

/// A poll that ended `age` ago with a record and these findings.
model::KeyStatus judged(model::Findings findings, std::chrono::milliseconds age);
/// The same key after one more poll, a minute ago, that proved nothing.
model::KeyStatus failed(model::KeyStatus before, model::Failure failure, int http_status);

/// A world in which every family of the page has a sample.
World full_world();

std::string render(const model::Snapshot& snapshot);

/// What `promtool check metrics` says of the page; empty if it is content.
std::string promtool_complaints(std::string_view page);
/// Runs `command` on `input` and gives all it printed, with its exit status if that is not 0.
std::string run_on(const std::string& command, std::string_view input);

}  // namespace aka::metrics::testing
