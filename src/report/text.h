#pragma once

#include <string>

#include "model/snapshot.h"

namespace aka::report {

enum class Colour { off, on };

/// The audit for people: open findings, the worst key first, each as a diff (`-` expected, `+`
/// found) with what to do; then what is waived and until when, the waivers that are over, unused or
/// soon over, what could not be judged and why, and a summary in the last line. Whatever the
/// service's texts hold, a terminal obeys none of it.
std::string audit_text(const model::Snapshot& snapshot, Colour colour);

}  // namespace aka::report
