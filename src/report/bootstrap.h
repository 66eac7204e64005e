#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "model/observation.h"
#include "model/roster.h"

namespace aka::report {

/// What `init` prints: policies and keys, as YAML, for the records that the organization does not
/// list yet. It can be pasted into the configuration, or saved beside it in one directory; judged
/// by it, the records are compliant, but for what no policy can express or excuse, which a comment
/// names. Keys with equal roles share a policy, which checks the descriptions of all of them;
/// grants that own or administer something carry a `# review:` comment. No text of a record can
/// become anything but a quoted text. `policy_names` are taken already. Pure.
std::string bootstrap_yaml(const std::vector<model::KeyRecord>& records,
                           const model::Organization& organization,
                           const std::vector<std::string>& policy_names, base::WallTime now);

}  // namespace aka::report
