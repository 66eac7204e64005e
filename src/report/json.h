#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/ids.h"
#include "model/snapshot.h"
#include "report/sink.h"

/// JSON of a snapshot. Times are RFC 3339 UTC, absent values null, the order is that of the
/// configuration. Equal snapshots give equal bytes, so that a first run can count them for a
/// second one that writes them. Everything here is safe from any thread.
namespace aka::report {

/// A part of an array: `limit` elements from `offset` on.
struct Page {
  std::size_t offset = 0;
  std::size_t limit = std::numeric_limits<std::size_t>::max();
};

/// What the daemon tells of itself.
struct DaemonFacts {
  std::string version;
  base::WallTime started{};
  base::SteadyTime started_steady{};
  std::string config_path;
  base::WallTime config_loaded{};  ///< when the running configuration was read
  std::string reload_error;        ///< why the last reload was refused; empty if it was not
};

/// An entry of keys has the member `waivers` only if the key has some.

/// The document of `audit --format json`, with the members `unmanaged` and `unread_lists` only if
/// some organization's list of keys is read. False if the sink ended it.
bool write_audit(const model::Snapshot& snapshot, const Sink& sink);

/// /api/v1/keys and /api/v1/findings with their envelope. False if the sink ended it. The findings
/// are open and waived ones; a page of them counts findings, not keys.
bool write_keys(const model::Snapshot& snapshot, Page page, const Sink& sink);
bool write_findings(const model::Snapshot& snapshot, Page page, const Sink& sink);

/// /api/v1/keys/{org_id}/{key_id} with its envelope; nothing if no such key is configured.
std::optional<std::string> key_document(const model::Snapshot& snapshot,
                                        model::OrganizationId organization, model::KeyId key);

/// /api/v1/status with its envelope.
std::string status_document(const model::Snapshot& snapshot, const DaemonFacts& facts);

/// {"status":"error","error":message}
std::string error_document(std::string_view message);

}  // namespace aka::report
