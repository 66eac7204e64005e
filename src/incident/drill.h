#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "incident/alert.h"
#include "incident/conditions.h"
#include "model/finding.h"
#include "model/roster.h"

namespace aka::incident {

/// The label that tells the alert of a drill from a real one; no other alert has it.
inline constexpr const char* kDrillLabel = "drill";

/// What a drill pretends to have happened to a key.
enum class Pretence { role_added, role_removed, description_changed };

struct Pretended {
  Pretence what = Pretence::role_added;
  std::string
      text;  ///< the role as a policy writes it (`NAME`, `NAME@project`), or the description
};

/// What a poll would find if that had happened: judged by the key's own policy. Error: that would
/// be no finding, or a waived one, so that nobody would be told; says what would be.
base::Result<model::Finding> pretend(const Pretended& pretended, const model::Key& key,
                                     base::WallTime now);

/// The alert that such a finding leads to, marked as a drill in label and texts. Its other labels
/// are those of the real one, so that it takes the same route.
Alert drill_alert(const model::Organization& organization, const model::Key& key,
                  const model::Finding& finding, const Terms& terms, base::WallTime now);

}  // namespace aka::incident
