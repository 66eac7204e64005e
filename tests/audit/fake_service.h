#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "atlas/client.h"
#include "audit/auditor.h"
#include "support/fake_clock.h"

namespace aka::testing {

/// The service as pollers see it: answers by target, counts what it was asked, hangs where told to.
/// Safe from any thread.
class FakeService {
 public:
  explicit FakeService(const base::Clock& clock) : clock_(clock) {}

  struct Asked {
    std::string target;
    base::SteadyTime at;
    std::thread::id by;
  };

  /// The answer to targets that hold `part`; the last one set wins.
  void answer(const std::string& part, http::Exchange exchange) {
    const std::scoped_lock lock(mutex_);
    answers_[part] = std::move(exchange);
  }

  void answer_key(const std::string& id, const std::string& role) {
    answer(id,
           http::Answer{200,
                        {},
                        fmt::format(R"({{"id":"{}","roles":[{{"orgId":"{}","roleName":"{}"}}]}})",
                                    id, std::string(24, 'a'), role)});
  }

  /// Requests whose target holds `part` wait until they are stopped, or released.
  void hang(const std::string& part) {
    const std::scoped_lock lock(mutex_);
    hanging_ = part;
  }

  /// Once: what hangs is answered, and nothing hangs any more.
  void release() { released_.request(); }

  http::Exchange send(const std::string& target, const http::Until& until) {
    std::unique_lock lock(mutex_);
    asked_.push_back({target, clock_.steady(), std::this_thread::get_id()});
    changed_.notify_all();
    if (!hanging_.empty() && target.find(hanging_) != std::string::npos) {
      lock.unlock();
      // On this clock, which stands still, it is time at once.
      if (until.meanwhile != nullptr && until.meanwhile->act) until.meanwhile->act();
      pollfd wait[] = {{until.stop.descriptor(), POLLIN, 0}, {released_.descriptor(), POLLIN, 0}};
      ::poll(wait, 2, -1);
      if (until.stop.requested())
        return tl::unexpected(http::TransportError{http::Failure::stopped, 0, "stopped"});
      lock.lock();
    }
    http::Exchange result =
        tl::unexpected(http::TransportError{http::Failure::connect, 0, "nobody there"});
    for (const auto& [part, exchange] : answers_) {
      if (target.find(part) != std::string::npos) result = exchange;
    }
    return result;
  }

  std::vector<Asked> asked(const std::string& part = {}) const {
    const std::scoped_lock lock(mutex_);
    std::vector<Asked> found;
    for (const Asked& one : asked_) {
      if (one.target.find(part) != std::string::npos) found.push_back(one);
    }
    return found;
  }

  /// Waits in real time until `part` was asked for `count` times; false after ten seconds.
  bool wait_asked(const std::string& part, std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      std::size_t found = 0;
      for (const Asked& one : asked_) found += one.target.find(part) != std::string::npos ? 1U : 0U;
      return found >= count;
    });
  }

 private:
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, http::Exchange> answers_;
  std::string hanging_;
  base::StopSignal released_;
  std::vector<Asked> asked_;
};

class FakeServiceTransport final : public http::HttpTransport {
 public:
  explicit FakeServiceTransport(FakeService& service) : service_(service) {}

  http::Exchange send(const http::Request& request, const http::Until& until) override {
    return service_.send(request.target, until);
  }
  void drop_idle() override {}

 private:
  FakeService& service_;
};

/// A credential that needs no proof.
class OpenCredential final : public atlas::Credential {
 public:
  std::unique_ptr<atlas::Authenticator> authenticator() override {
    return std::make_unique<Open>();
  }
  base::Result<void> reload() override { return {}; }
  base::Result<bool> follow() override { return false; }
  bool same_as(const atlas::Credential& other) const override { return this == &other; }
  std::string public_key() const override { return {}; }
  void revoke(atlas::Line&) override {}

 private:
  class Open final : public atlas::Authenticator {
   public:
    tl::expected<atlas::Reply, atlas::Refusal> perform(http::Request request,
                                                       atlas::Line& line) override {
      return atlas::Reply{line.send(request), ""};
    }
  };
};

}  // namespace aka::testing
