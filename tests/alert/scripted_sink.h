#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "alert/sink.h"
#include "alerts.h"

namespace aka::alert::test {

/// What the sinks of a test got, and how they answer. Safe from any thread.
class SinkScript {
 public:
  /// "a b", "-a" for a resolve, "*" for a heartbeat; one text for each request.
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

  void answer(std::function<Outcome(const std::string& request)> answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void refuse(RefusalKind kind) {
    answer([kind](const std::string&) -> Outcome {
      return tl::unexpected(Refusal{kind, "scripted", std::nullopt});
    });
  }
  void accept() {
    answer([](const std::string&) -> Outcome { return {}; });
  }

  Outcome take(std::span<const Notification> notifications) {
    std::string request;
    for (const Notification& notification : notifications) {
      request += request.empty() ? "" : " ";
      if (notification.is_resolved()) request += "-";
      const std::string key = key_of(notification);
      request += key.empty() ? "*" : key;
    }
    std::function<Outcome(const std::string&)> answer;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
      answer = answer_;
    }
    return answer ? answer(request) : Outcome();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::function<Outcome(const std::string& request)> answer_;
};

class ScriptedSink final : public Sink {
 public:
  ScriptedSink(SinkTraits traits, SinkScript& script)
      : traits_(std::move(traits)), script_(script) {}

  const SinkTraits& traits() const override { return traits_; }
  Outcome deliver(std::span<const Notification> notifications,
                  std::chrono::steady_clock::time_point, const base::StopSignal&) override {
    return script_.take(notifications);
  }

 private:
  const SinkTraits traits_;
  SinkScript& script_;
};

}  // namespace aka::alert::test
