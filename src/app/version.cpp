// What was built; the build system hands the texts in.
#include "app/version.h"

#include <fmt/format.h>

namespace aka::app {

const metrics::Build& build() {
  static const metrics::Build value{AKA_VERSION, AKA_REVISION, AKA_COMPILER};
  return value;
}

std::string version_line() {
  const std::string revision =
      build().revision.empty() ? "" : "revision " + build().revision + ", ";
  return fmt::format("atlas-key-auditor {} ({}{})", build().version, revision, build().compiler);
}

std::string user_agent() { return "atlas-key-auditor/" + build().version; }

}  // namespace aka::app
