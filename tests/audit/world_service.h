#pragma once

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "audit/fake_service.h"
#include "http/transport.h"

namespace aka::testing {

/// An organization as the service holds it: each key as the JSON text that describes it, alone and
/// in the list, whose pages are short. Safe from any thread.
class WorldService {
 public:
  std::size_t per_page = 5;

  /// Of each key by its id; what is not here is gone.
  std::map<std::string, std::string> keys;
  /// Answered to everything, if it has a status.
  http::Answer outage{0, {}, ""};
  /// Each page is cut from the keys in another order, as if many came and went in between.
  bool restless = false;
  /// Answered to this page of the list, if there is one.
  int broken_page = 0;
  http::Answer broken{500, {}, ""};
  /// The number of a page is not looked at.
  bool stuck = false;

  http::Exchange send(const std::string& target) {
    const std::scoped_lock lock(mutex_);
    const std::size_t number = target.find("pageNum=");
    asked_.push_back(target);
    if (outage.status != 0) return outage;
    if (number == std::string::npos) return one(target.substr(target.rfind('/') + 1));
    int page = 0;
    std::from_chars(target.data() + number + 8, target.data() + target.size(), page);
    if (page == broken_page) return broken;
    return list(stuck ? 1 : static_cast<std::size_t>(page));
  }

  /// How often a target that holds `part` was asked for.
  std::size_t asked(const std::string& part) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        asked_, [&](const std::string& target) { return target.find(part) != std::string::npos; }));
  }
  std::size_t lists() const { return asked("pageNum="); }
  std::size_t gets() const { return asked("") - lists(); }

  /// Changes what it holds while it is asked.
  template <typename Change>
  void change(const Change& change) {
    const std::scoped_lock lock(mutex_);
    change(*this);
  }

 private:
  http::Answer one(const std::string& id) const {
    const auto found = keys.find(id);
    if (found != keys.end()) return {200, {}, found->second};
    return {400, {}, R"({"errorCode":"API_KEY_NOT_FOUND","error":400})"};
  }

  http::Answer list(std::size_t page) {
    std::vector<std::string> texts;
    for (const auto& [id, text] : keys) texts.push_back(text);
    if (restless) std::shuffle(texts.begin(), texts.end(), random_);
    const std::size_t first = std::min(texts.size(), (page - 1) * per_page);
    const std::size_t last = std::min(texts.size(), first + per_page);
    const std::vector<std::string> shown(texts.begin() + static_cast<std::ptrdiff_t>(first),
                                         texts.begin() + static_cast<std::ptrdiff_t>(last));
    return {200,
            {},
            fmt::format(R"({{"links":[{{"rel":"{}"}}],"results":[{}]}})",
                        last < texts.size() ? "next" : "self", fmt::join(shown, ","))};
  }

  mutable std::mutex mutex_;
  std::minstd_rand random_;
  std::vector<std::string> asked_;
};

class WorldTransport final : public http::HttpTransport {
 public:
  explicit WorldTransport(WorldService& world) : world_(world) {}

  http::Exchange send(const http::Request& request, const http::Until&) override {
    return world_.send(request.target);
  }
  void drop_idle() override {}

 private:
  WorldService& world_;
};

}  // namespace aka::testing
