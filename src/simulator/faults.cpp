// Which fault strikes a request. Entry points: FaultBoard::add() and claim(). Requests read an
// immutable list; only the counts in its entries change.
#include "simulator/faults.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulator/crypto.h"

namespace aka::simulator {
namespace {

bool strikes_requests(Effect effect) {
  return effect != Effect::idle_close && effect != Effect::mute_handshake;
}

/// The token endpoint is struck by faults that name its path only, so that "everything answers 403"
/// does not mean that nobody gets a token.
bool matches(const Fault& fault, Stage stage, const Target& target, std::string_view path) {
  return strikes_requests(fault.effect) && fault.stage == stage &&
         (target.api != Api::none || !fault.path.empty()) &&
         (fault.org.empty() || fault.org == target.org) &&
         (fault.key.empty() || fault.key == target.key) && path.starts_with(fault.path);
}

}  // namespace

void FaultBoard::add(std::vector<Fault> faults) {
  const std::lock_guard lock(mutex_);
  auto grown = std::make_shared<Entries>(*entries_);
  for (Fault& fault : faults) {
    auto entry = std::make_shared<Entry>();
    entry->fault = std::move(fault);
    grown->push_back(std::move(entry));
  }
  any_ = !grown->empty();
  entries_ = std::move(grown);
}

void FaultBoard::clear() {
  const std::lock_guard lock(mutex_);
  any_ = false;
  entries_ = std::make_shared<const Entries>();
}

std::shared_ptr<const FaultBoard::Entries> FaultBoard::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

bool FaultBoard::strike(Entry& entry, std::uint64_t seed) {
  const Fault& fault = entry.fault;
  // The address tells entries apart, so that two shares of one half do not strike together.
  const std::uint64_t roll = mixed(seed ^ reinterpret_cast<std::uintptr_t>(&entry));
  constexpr double kSides = 1ULL << 53;
  if (static_cast<double>(roll >> 11) >= fault.share * kSides) return false;
  const std::uint64_t hit = entry.hits.fetch_add(1) + 1;
  if (!fault.count || hit <= static_cast<std::uint64_t>(*fault.count)) return true;
  entry.hits.fetch_sub(1);
  return false;
}

std::shared_ptr<const Fault> FaultBoard::claim(Stage stage, const Target& target,
                                               std::string_view path, std::uint64_t seed) {
  if (!any_) return nullptr;
  const auto all = entries();
  for (const auto& entry : *all) {
    if (matches(entry->fault, stage, target, path) && strike(*entry, seed)) {
      return {entry, &entry->fault};
    }
  }
  return nullptr;
}

bool FaultBoard::claim_mute(std::uint64_t seed) {
  if (!any_) return false;
  const auto all = entries();
  return std::ranges::any_of(*all, [&](const auto& entry) {
    return entry->fault.effect == Effect::mute_handshake && strike(*entry, seed);
  });
}

std::optional<base::Duration> FaultBoard::idle_close() const {
  const auto all = entries();
  std::optional<base::Duration> after;
  for (const auto& entry : *all) {
    if (entry->fault.effect == Effect::idle_close) after = entry->fault.pause;
  }
  return after;
}

std::string FaultBoard::json() const {
  const auto all = entries();
  std::string out = "[";
  for (const auto& entry : *all) {
    out += fmt::format(R"({}{{"fault":{},"hits":{}}})", out.size() > 1 ? "," : "",
                       entry->fault.source, entry->hits.load());
  }
  return out + "]";
}

}  // namespace aka::simulator
