// Looks at the files of secrets once a second. Entry point: watch(). Their content is compared, not
// their time: a mounted secret is swapped by a link, and editors keep times in many ways.
#include "app/secret_watch.h"

#include <pthread.h>
#include <utility>

#include "app/log.h"

namespace aka::app {
namespace {

constexpr base::Duration kPeriod = std::chrono::seconds(1);

}  // namespace

SecretWatch::SecretWatch(const base::Clock& clock) : clock_(clock) {}

SecretWatch::~SecretWatch() { stop(); }

void SecretWatch::watch(Credentials credentials) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  credentials_ = std::move(credentials);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void SecretWatch::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wakes_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void SecretWatch::run() {
  ::pthread_setname_np(::pthread_self(), "secrets");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Credentials credentials = credentials_;
    lock.unlock();
    look(credentials);
    lock.lock();
    const base::SteadyTime next = clock_.steady() + kPeriod;
    while (!stopping_ && clock_.steady() < next) clock_.wait_until(wakes_, lock, next);
  }
}

void SecretWatch::look(const Credentials& credentials) {
  for (const auto& [name, credential] : credentials) {
    const base::Result<bool> taken = credential->follow();
    if (!taken) {
      if (unreadable_.insert(name).second) {
        log::warning("secret_unreadable",
                     {{"credential", name},
                      {"message", taken.error().message + "; the one read before stays in use"}});
      }
      continue;
    }
    unreadable_.erase(name);
    if (*taken) log::info("secret_replaced", {{"credential", name}});
  }
}

}  // namespace aka::app
