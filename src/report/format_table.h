#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/snapshot.h"
#include "report/sink.h"
#include "report/text.h"

namespace aka::report {

/// What a report of an audit tells beside the snapshot.
struct AuditFacts {
  std::string version;      ///< of this program
  std::string config_path;  ///< as given, with a `/` at the end of a directory; empty: not known
  base::WallTime started{};
  Colour colour = Colour::off;  ///< for the format that people read
};

/// False if the sink ended it. Pure.
using WriteReport = bool (*)(const model::Snapshot& snapshot, const AuditFacts& facts,
                             const Sink& sink);

/// A value of `audit --format`.
struct Format {
  std::string_view name;
  WriteReport write;
};

/// All of them, the default first. A new one is a file and a row in format_table.cpp.
std::span<const Format> formats();

/// Null if there is no such format.
const Format* find_format(std::string_view name);

}  // namespace aka::report
