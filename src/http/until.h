#pragma once

#include <chrono>
#include <functional>

#include "base/stop.h"

namespace aka::http {

/// Something to do, once, if a request still waits at an instant.
struct Meanwhile {
  std::chrono::steady_clock::time_point at;
  std::function<void()> act;  ///< on the thread that waits, so it must be short; emptied when done
};

/// What bounds everything that one request does, in real time, whatever clock its caller schedules
/// by.
struct Until {
  std::chrono::steady_clock::time_point deadline;
  const base::StopSignal& stop;
  Meanwhile* meanwhile = nullptr;
};

}  // namespace aka::http
