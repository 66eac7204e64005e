#pragma once

#include <memory>

#include "audit/observers.h"
#include "audit/organization_poller.h"
#include "model/roster.h"

namespace aka::audit {

/// All that the watching of one configuration needs.
struct Plan {
  std::shared_ptr<const model::Roster> roster;
  int stale_after = 3;  ///< intervals without a conclusive poll
  PollSettings polls;
  ClientFactory connect;
  CredentialFactsOf credential = [](const model::Organization&) { return CredentialFacts{}; };
};

}  // namespace aka::audit
