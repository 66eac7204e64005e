#pragma once

#include <cstddef>

#include "model/snapshot.h"

namespace aka::report {

/// A snapshot in four numbers. Every key is judged or undetermined by its last poll; a key without
/// open findings that was judged is compliant.
struct Summary {
  std::size_t keys = 0;
  std::size_t compliant = 0;
  std::size_t findings = 0;      ///< open ones, of all keys
  std::size_t undetermined = 0;  ///< keys whose last poll proved nothing, or that were not polled
  std::size_t unread_lists = 0;  ///< organizations to be discovered whose last sweep broke off

  friend bool operator==(const Summary&, const Summary&) = default;
};

Summary summarize(const model::Snapshot& snapshot);
Summary summarize(const model::Snapshot& snapshot, const model::Organization& organization);

/// The exit code of an audit: 2 findings are open, else 1 some key could not be judged or
/// some list of keys not read to its end, else 0.
int exit_code(const Summary& summary);

}  // namespace aka::report
