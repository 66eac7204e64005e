#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "base/stop.h"

namespace aka::platform {

/// Takes a line to the other side; false: nobody listens any more.
using Say = std::function<bool(std::string_view line)>;

/// A Unix socket that only this user (and root) can speak to: one line asks, lines answer, and the
/// end of the connection ends the answer. One asks at a time, the others wait.
class ControlSocket {
 public:
  /// Answers one request on the socket's thread; must return soon after `stop`.
  using Handler =
      std::function<void(const std::string& line, const Say& say, const base::StopSignal& stop)>;

  /// The caller owns the path: what is left of an earlier owner is replaced.
  static base::Result<std::unique_ptr<ControlSocket>> open(const std::string& path,
                                                           Handler handler);
  /// Stops, and removes the path.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

 private:
  ControlSocket(std::string path, int descriptor, Handler handler);
  void serve();
  void answer(int connection);

  const std::string path_;
  const int descriptor_;
  const Handler handler_;
  base::StopSignal stop_;
  std::thread thread_;
};

/// Asks, and hands each line of the answer to `take` until that answers false or the answer ends.
/// Errors: `not_found`: nobody listens there.
base::Result<void> ask(const std::string& path, std::string_view line,
                       const std::function<bool(const std::string& line)>& take);

}  // namespace aka::platform
