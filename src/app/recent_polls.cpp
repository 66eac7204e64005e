// "polled/<place in the ring>" holds "<milliseconds> <organization>/<key> …". Entry points: add()
// at each poll, take() every other second, read() at a takeover.
#include "app/recent_polls.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "ledger/facts.h"

namespace aka::app {
namespace {

constexpr std::string_view kId = "polled/";
/// 20 minutes; what is older, the last conclusive poll tells to a minute.
constexpr std::int64_t kPlaces = 600;
constexpr std::chrono::seconds kPlace{2};

}  // namespace

void RecentPolls::add(const incident::Scope& scope) {
  const std::string id = ledger::id_of(scope);
  const std::scoped_lock lock(mutex_);
  polled_ += ' ';
  polled_ += id;
}

std::optional<store::Fact> RecentPolls::take(base::WallTime now) {
  const std::scoped_lock lock(mutex_);
  const base::WallTime since = std::exchange(since_, now);
  if (polled_.empty()) return std::nullopt;
  const std::int64_t place = now.time_since_epoch() / kPlace % kPlaces;
  return store::Fact{
      store::FactKind::daemon, fmt::format("{}{}", kId, place),
      fmt::format("{}{}", since.time_since_epoch().count(), std::exchange(polled_, {}))};
}

RecentPolls::Times RecentPolls::read(const std::vector<store::Fact>& facts) {
  Times times;
  for (const store::Fact& fact : facts) {
    if (fact.kind != store::FactKind::daemon || !fact.id.starts_with(kId) || !fact.value) continue;
    const base::WallTime when{std::chrono::milliseconds(std::atoll(fact.value->c_str()))};
    std::string_view rest(*fact.value);
    for (std::size_t blank = 0; (blank = rest.find(' ')) != std::string_view::npos;) {
      rest.remove_prefix(blank + 1);
      if (const auto scope = ledger::scope_of(rest.substr(0, rest.find(' ')))) {
        base::WallTime& time = times[*scope];
        time = std::max(time, when);
      }
    }
  }
  return times;
}

}  // namespace aka::app
