#pragma once

#include <string>

#include "base/stop.h"
#include "simulator/faults.h"
#include "web/http.h"

namespace aka::simulator {

/// The request that a fault strikes.
struct Victim {
  const Target& target;
  std::string address;  ///< of the peer
  std::string path;
};

/// What the peer gets when `fault` strikes: `answer` is what it would have got. Waits of the fault
/// happen here or while the answer is written, and end when `stop` is requested, which must outlive
/// the returned answer.
web::Response struck(const Fault& fault, const Victim& victim, web::Response answer,
                     const base::StopSignal& stop);

/// Whether the effect replaces the answer, so that nobody need make one.
bool replaces_answer(Effect effect);

}  // namespace aka::simulator
