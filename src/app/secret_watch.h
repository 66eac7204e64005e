#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "app/configuration.h"
#include "base/clock.h"

namespace aka::app {

/// Takes over the secrets of credentials as they are replaced where they are kept, without a
/// reload: who rotates a secret in a mounted file cannot send a signal. Safe from any thread.
class SecretWatch {
 public:
  explicit SecretWatch(const base::Clock& clock);
  ~SecretWatch();
  SecretWatch(const SecretWatch&) = delete;
  SecretWatch& operator=(const SecretWatch&) = delete;

  /// These from now on; the first call begins to look, every second.
  void watch(Credentials credentials);
  void stop();  ///< joins the thread; later calls of watch() do nothing

 private:
  void run();
  void look(const Credentials& credentials);

  const base::Clock& clock_;
  std::set<std::string, std::less<>> unreadable_;  // names; of the thread

  std::mutex mutex_;  // guards all below
  std::condition_variable wakes_;
  Credentials credentials_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace aka::app
