#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "model/snapshot.h"

namespace aka::report {

/// One key of a snapshot; valid as long as the snapshot.
struct KeyView {
  const model::Organization& organization;
  const model::Key& key;
  const model::KeyStatus& status;
};

/// Visits the keys in configuration order, from the one with the index `first` on, until `visit`
/// answers false.
void each_key(const model::Snapshot& snapshot, std::size_t first,
              const std::function<bool(const KeyView&)>& visit);

/// A finding and whose it is: of a configured key, or of an unlisted one; the other is null.
struct FindingView {
  const model::Organization& organization;
  const KeyView* key;
  const model::UnmanagedKey* unmanaged;
  const model::Finding& finding;
};

/// Open and waived findings; those of an organization's unlisted keys come after its others. Ends
/// when `visit` answers false.
void each_finding(const model::Snapshot& snapshot,
                  const std::function<bool(const FindingView&)>& visit);

/// Visits the unlisted keys of all organizations until `visit` answers false.
void each_unmanaged(
    const model::Snapshot& snapshot,
    const std::function<bool(const model::Organization&, const model::UnmanagedKey&)>& visit);

/// The unlisted keys of an organization as if they were listed, each with its finding: for reports
/// that tell of both alike. A view is valid during the call.
void each_unmanaged_view(const model::Snapshot& snapshot, const model::Organization& organization,
                         const std::function<void(const KeyView&)>& visit);

/// What is known of an organization of the snapshot's roster.
const model::OrganizationStatus& status_of(const model::Snapshot& snapshot,
                                           const model::Organization& organization);

/// Why the last reading of an organization's list of keys did not reach the end, so that more keys
/// may be unlisted than are told of; empty if it did, or nobody asked.
const std::string& unread_list(const model::Snapshot& snapshot,
                               const model::Organization& organization);

/// Empty for a key that is to be absent and so has none, `inline` for one written in place.
std::string policy_label(const model::Key& key);

/// Whether the last poll of the key proved something.
bool is_judged(const model::KeyStatus& status);

/// Empty if there is none.
const model::Findings& findings_of(const model::KeyStatus& status);

/// Whether the kind compares two texts, so that an empty one is a text too and no absence.
bool compares_texts(model::FindingKind kind);

}  // namespace aka::report
