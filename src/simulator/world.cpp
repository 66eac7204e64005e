// The live state of the simulated service. Entry point: World. Keys are immutable values behind
// shared pointers: a request takes its own reference under a shared lock and works without one.
#include "simulator/world.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <utility>

namespace aka::simulator {
namespace {

struct Network {
  std::array<unsigned char, 16> bytes{};
  int family = AF_UNSPEC;
  unsigned prefix = 0;  ///< bits
};

std::optional<Network> parse_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Network network;
  network.family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  const unsigned bits = network.family == AF_INET ? 32 : 128;
  if (inet_pton(network.family, address.c_str(), network.bytes.data()) != 1) return std::nullopt;
  network.prefix = bits;
  if (slash == std::string::npos) return network;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + slash + 1, last, network.prefix);
  if (error != std::errc() || end != last || network.prefix > bits) return std::nullopt;
  return network;
}

bool contains(const Network& block, const Network& address) {
  if (block.family != address.family) return false;
  const unsigned whole = block.prefix / 8;
  if (!std::equal(block.bytes.begin(), block.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  const unsigned rest = block.prefix % 8;
  if (rest == 0) return true;
  const unsigned mask = 0xFFU << (8 - rest) & 0xFFU;
  return ((block.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

}  // namespace

LiveOrganization::LiveOrganization(Organization start, RateLimit limit)
    : id_(start.id),
      name_(std::move(start.name)),
      platform_(start.platform),
      projects_(std::move(start.projects)),
      bucket_(limit) {
  keys_.reserve(start.keys.size());
  for (Key& key : start.keys) {
    index_.emplace(key.id, keys_.size());
    keys_.push_back(std::make_shared<const Key>(std::move(key)));
  }
}

std::shared_ptr<const Key> LiveOrganization::key(const model::KeyId& id) const {
  const std::shared_lock lock(mutex_);
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : keys_[found->second];
}

std::size_t LiveOrganization::key_count() const {
  const std::shared_lock lock(mutex_);
  return keys_.size();
}

std::vector<std::shared_ptr<const Key>> LiveOrganization::keys(std::size_t first,
                                                               std::size_t count) const {
  const std::shared_lock lock(mutex_);
  const std::size_t start = std::min(first, keys_.size());
  const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(start);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(count, keys_.size() - start))};
}

const std::vector<Role>& Caller::roles() const {
  static const std::vector<Role> none;
  if (account) return account->roles;
  return key->roles ? *key->roles : none;
}

World::World(std::vector<Organization> organizations, RateLimit default_limit) {
  for (Organization& start : organizations) {
    const RateLimit limit = start.rate_limit.value_or(default_limit);
    std::vector<ServiceAccount> accounts = std::move(start.accounts);
    all_.push_back(std::make_unique<LiveOrganization>(std::move(start), limit));
    LiveOrganization* const live = all_.back().get();
    by_id_.emplace(live->id(), live);
    for (ServiceAccount& account : accounts) {
      std::string client_id = account.client_id;
      accounts_.emplace(
          std::move(client_id),
          Caller{live, nullptr, std::make_shared<const ServiceAccount>(std::move(account))});
    }
    for (const auto& key : live->keys_) {
      if (!key->private_key.empty()) holders_[key->public_key] = {live, key->id};
    }
  }
}

LiveOrganization* World::organization(const model::OrganizationId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::optional<Caller> World::key_holder(std::string_view public_key) const {
  const std::shared_lock lock(mutex_);
  const auto found = holders_.find(std::string(public_key));
  if (found == holders_.end()) return std::nullopt;
  LiveOrganization* const organization = found->second.organization;
  return Caller{organization, organization->key(found->second.key), nullptr};
}

std::optional<Caller> World::account(std::string_view client_id) const {
  const auto found = accounts_.find(std::string(client_id));
  return found == accounts_.end() ? std::nullopt : std::optional(found->second);
}

void World::forget_holder(const Key& key) {
  const auto found = holders_.find(key.public_key);
  if (found != holders_.end() && found->second.key == key.id) holders_.erase(found);
}

World::Change World::put_key(LiveOrganization& organization, Key key) {
  const std::unique_lock lock(mutex_);
  const auto fresh = std::make_shared<const Key>(std::move(key));
  const std::unique_lock organization_lock(organization.mutex_);
  auto& keys = organization.keys_;
  const auto [place, created] = organization.index_.try_emplace(fresh->id, keys.size());
  if (created) {
    keys.push_back(fresh);
  } else {
    forget_holder(*keys[place->second]);
    keys[place->second] = fresh;
  }
  if (!fresh->private_key.empty()) holders_[fresh->public_key] = {&organization, fresh->id};
  return created ? Change::created : Change::replaced;
}

bool World::erase_key(LiveOrganization& organization, const model::KeyId& id) {
  const std::unique_lock lock(mutex_);
  const std::unique_lock organization_lock(organization.mutex_);
  const auto found = organization.index_.find(id);
  if (found == organization.index_.end()) return false;
  auto& keys = organization.keys_;
  const std::size_t place = found->second;
  forget_holder(*keys[place]);
  keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(place));
  organization.index_.erase(found);
  for (std::size_t i = place; i < keys.size(); ++i) organization.index_[keys[i]->id] = i;
  return true;
}

bool admits(const std::vector<AccessEntry>& list, const std::string& address) {
  if (list.empty()) return true;
  const auto wanted = parse_network(address);
  return wanted && std::ranges::any_of(list, [&](const AccessEntry& entry) {
           const auto block = parse_network(entry.cidr_block);
           return block && contains(*block, *wanted);
         });
}

bool is_network(const std::string& text) { return parse_network(text).has_value(); }

}  // namespace aka::simulator
