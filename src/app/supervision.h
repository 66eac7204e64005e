#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/duration.h"
#include "model/snapshot.h"
#include "platform/supervisor.h"

namespace aka::app {

/// What the line of status says.
struct Outlook {
  std::size_t keys = 0;
  std::size_t drifting = 0;                       ///< keys with open findings
  std::optional<base::Duration> until_next_poll;  ///< not positive: it is due
  bool reload_rejected = false;                   ///< the last one
};

Outlook outlook(const model::Snapshot& snapshot);

/// "1,204 keys, 3 drifting, next poll in 12 s".
std::string status_line(const Outlook& outlook);

/// Tells the supervisor how the daemon does, from a thread of its own: a line of status now and
/// then, and that it lives, as long as the scheduler does. Nothing runs where nobody listens.
class Supervision {
 public:
  struct Sources {
    std::function<bool()> alive;          ///< the scheduler came by of late
    std::function<std::string()> status;  ///< both are called on the thread
  };

  Supervision(platform::Supervisor supervisor, Sources sources);
  ~Supervision();
  Supervision(const Supervision&) = delete;
  Supervision& operator=(const Supervision&) = delete;

  void started();  ///< all is loaded and the pages are served; once
  void reloading();
  void reloaded();  ///< well or not: the daemon serves
  void stopping();  ///< the thread ends; later calls do nothing

 private:
  void run();
  void tell();

  const platform::Supervisor supervisor_;
  const Sources sources_;
  std::mutex mutex_;  // guards the flag
  std::condition_variable wakes_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aka::app
