// The names of waivers' states, as metrics and reports spell them.
#include "model/roster.h"

namespace aka::model {

std::string_view to_string(WaiverState state) {
  switch (state) {
    case WaiverState::expired:
      return "expired";
    case WaiverState::unused:
      return "unused";
    case WaiverState::expiring:
      return "expiring";
    case WaiverState::active:
      return "active";
  }
  return "";
}

}  // namespace aka::model
