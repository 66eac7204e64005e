#pragma once

#include <string>
#include <string_view>

#include "report/keys.h"

namespace aka::report {

/// What a kind of finding means, for readers who see it for the first time.
struct KindText {
  std::string_view title;    ///< "The key holds a role that its policy forbids"
  std::string_view meaning;  ///< why it matters, in a sentence or two
  std::string_view mending;  ///< what to do, in a sentence or two
};

const KindText& text_of(model::FindingKind kind);

/// "GROUP_OWNER@5f1a...", "ORG_MEMBER"; empty for a kind without a role. Not made printable.
std::string role_of(const model::Finding& finding);

/// One finding as a sentence about its key: "prod/ci holds ORG_OWNER, which its policy forbids".
/// Printable.
std::string sentence_of(const KeyView& view, const model::Finding& finding);

/// What the last poll of a key that could not be judged came to: "forbidden/role_too_low".
std::string outcome_of(const model::KeyStatus& status);

/// Why, for people; printable, never empty.
std::string why_unjudged(const model::KeyStatus& status);

/// That an organization's list of keys was not read to its end, and what that means: the first half
/// of a sentence whose second is why.
std::string unread_list_text(const model::Organization& organization);

/// "waived until 2027-02-01T00:00:00Z (SEC-7): migration". Printable.
std::string forgiveness_of(const KeyView& view, const model::Finding& finding, base::WallTime now);

}  // namespace aka::report
