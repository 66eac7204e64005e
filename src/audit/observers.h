#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "atlas/client.h"
#include "model/observation.h"
#include "model/roster.h"
#include "model/snapshot.h"
#include "policy/advance.h"
#include "policy/discovery.h"

namespace aka::audit {

/// What one poll came to. Of keys that share a page of the list, each is one. References are valid
/// during the call only.
struct PollReport {
  const model::Organization& organization;
  const model::Key& key;
  const model::Observation& observation;
  const atlas::Traffic& fetched;  ///< nothing was sent for a key that came with a page
  const policy::Advance& advance;
  std::chrono::nanoseconds lateness;  ///< start minus due time
};

/// Called on poll threads, several at once, after the tables were updated.
using PollObserver = std::function<void(const PollReport&)>;

/// Called for changes that no poll brought: a reload or a waiver's end. References are valid during
/// the call only; it must not call back.
using ChangeObserver =
    std::function<void(const model::Organization&, const model::Key&, const policy::Advance&)>;

/// What moved a key.
enum class Mover {
  poll,
  reload,
  time,  ///< a waiver lapsed
};

/// A key's status moved on, or was looked at again. References are valid during the call only.
struct KeyStep {
  Mover mover = Mover::poll;
  const model::Organization& organization;
  const model::Key& key;
  const policy::Advance& advance;
  const model::OrganizationStatus& organization_status;
};

/// What is known of an organization's unlisted keys moved on.
struct DiscoveryStep {
  Mover mover = Mover::poll;
  const model::Organization& organization;
  const policy::DiscoveryAdvance& advance;
  const model::OrganizationStatus& organization_status;
};

/// The steps of everything watched, one at a time and in the order in which the tables changed,
/// for whoever keeps account of them. They are called with that order locked: they must be short
/// and must not call back.
struct Steps {
  /// The first call after a new configuration: keys and organizations that stay follow as steps, a
  /// key's before any other step of it; what is gone does not. `before` is null at start.
  std::function<void(const model::Roster* before, const model::Roster& after)> adopted =
      [](const model::Roster*, const model::Roster&) {};
  std::function<void(const KeyStep&)> key = [](const KeyStep&) {};
  std::function<void(const DiscoveryStep&)> discovery = [](const DiscoveryStep&) {};
  /// Ahead of adopted(), with the same rosters, for what takes long: the polls of the roster before
  /// go on meanwhile, and no order is locked.
  std::function<void(const model::Roster* before, const model::Roster& after)> compare =
      [](const model::Roster*, const model::Roster&) {};
};

/// What one page of an organization's list came to. References are valid during the call only.
struct PageReport {
  const model::Organization& organization;
  const atlas::FetchedPage& fetched;
  const policy::DiscoveryAdvance& advance;
};
using PageObserver = std::function<void(const PageReport&)>;

/// Called for unlisted keys that a new configuration closes.
using DiscoveryObserver =
    std::function<void(const model::Organization&, const policy::DiscoveryAdvance&)>;

/// What the service says of the daemon's own key. References are valid during the call only.
struct CredentialReport {
  const model::Organization& organization;
  const atlas::FetchedCaller& fetched;
  const std::vector<model::Role>& excess;  ///< roles that it does not need
};
using CredentialObserver = std::function<void(const CredentialReport&)>;

struct Observers {
  PollObserver poll;
  ChangeObserver change;
  Steps steps = {};
  PageObserver page = [](const PageReport&) {};
  DiscoveryObserver discovery = [](const model::Organization&, const policy::DiscoveryAdvance&) {};
  CredentialObserver credential = [](const CredentialReport&) {};
};

/// What is known beforehand of the credential that an organization is asked with.
struct CredentialFacts {
  std::string public_key;     ///< of an API key; empty for what is none
  bool tells_caller = false;  ///< the service can be asked what it may do
};

}  // namespace aka::audit
