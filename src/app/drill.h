#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/chronicle.h"
#include "base/result.h"
#include "base/stop.h"
#include "incident/drill.h"
#include "model/roster.h"
#include "platform/control_socket.h"

namespace aka::app {

/// What a drill is to pretend, and for how long its alert fires.
struct DrillRequest {
  std::string organization;
  std::string key;
  incident::Pretended pretended;
  std::chrono::seconds lasts{120};
};

/// As a line for the control socket, and back; nothing if the line is none.
std::string to_line(const DrillRequest& request);
std::optional<DrillRequest> parse_drill(std::string_view line);

/// The key that a drill names. Error: there is none; says what there is.
struct DrillTarget {
  const model::Organization* organization = nullptr;
  const model::Key* key = nullptr;
};
base::Result<DrillTarget> find_target(const model::Roster& roster, const DrillRequest& request);

/// Runs a drill in the daemon from beginning to end, told in lines of JSON: `error`, or `begun`, a
/// `told` for each receiver and step, `ended`, and `done` with what is `missing`. It goes on if
/// nobody listens any more.
void run_drill(const DrillRequest& request, const model::Roster& roster, Chronicle& chronicle,
               const base::Clock& clock, const platform::Say& say, const base::StopSignal& stop);

}  // namespace aka::app
