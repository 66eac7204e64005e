#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "model/snapshot.h"

namespace aka::metrics {

/// Takes a block of at most 256 KiB, valid during the call only; false ends the page early.
using BlockSink = std::function<bool(std::string_view)>;

/// The series of every key and organization of `snapshot`, as Prometheus text 0.0.4: one HELP and
/// TYPE for each family that has a sample, none for a family without. The page always parses:
/// label values are escaped, and what is not UTF-8 in them is replaced by U+FFFD. Ages are
/// measured at the snapshot's instant, so equal snapshots make equal pages. Findings are taken as
/// they are: a waiver that lapsed must have been applied before. Safe from any thread.
///
/// exposition_length() is the exact number of bytes that write_exposition() will hand over.
std::size_t exposition_length(const model::Snapshot& snapshot);

/// False if the sink ended it.
bool write_exposition(const model::Snapshot& snapshot, const BlockSink& sink);

}  // namespace aka::metrics
