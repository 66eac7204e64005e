#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/ids.h"
#include "simulator/records.h"
#include "simulator/stats.h"
#include "simulator/token_bucket.h"

namespace aka::simulator {

/// One organization while the simulator runs. Safe from any thread.
class LiveOrganization {
 public:
  LiveOrganization(Organization start, RateLimit limit);

  const model::OrganizationId& id() const { return id_; }
  const std::string& name() const { return name_; }
  Platform platform() const { return platform_; }
  const std::vector<Project>& projects() const { return projects_; }
  TokenBucket& bucket() { return bucket_; }
  StatusCounts& requests() { return requests_; }

  std::shared_ptr<const Key> key(const model::KeyId& id) const;
  std::size_t key_count() const;
  /// At most `count` keys from index `first` on, in the order they were made.
  std::vector<std::shared_ptr<const Key>> keys(std::size_t first, std::size_t count) const;

 private:
  friend class World;

  const model::OrganizationId id_;
  const std::string name_;
  const Platform platform_;
  const std::vector<Project> projects_;
  TokenBucket bucket_;
  StatusCounts requests_;
  mutable std::shared_mutex mutex_;  ///< guards what follows
  std::vector<std::shared_ptr<const Key>> keys_;
  std::unordered_map<model::KeyId, std::size_t> index_;
};

/// Who made a request, once authenticated.
struct Caller {
  LiveOrganization* organization = nullptr;  ///< never null; the world's
  std::shared_ptr<const Key> key;            ///< null for a service account
  std::shared_ptr<const ServiceAccount> account;

  const std::vector<Role>& roles() const;
};

/// Everything the simulated service holds. The set of organizations is fixed; keys come, change and
/// go. Safe from any thread.
class World {
 public:
  World(std::vector<Organization> organizations, RateLimit default_limit);

  LiveOrganization* organization(const model::OrganizationId& id) const;  ///< null: unknown
  const std::vector<std::unique_ptr<LiveOrganization>>& organizations() const { return all_; }

  std::optional<Caller> key_holder(std::string_view public_key) const;
  std::optional<Caller> account(std::string_view client_id) const;

  enum class Change { created, replaced };
  Change put_key(LiveOrganization& organization, Key key);
  bool erase_key(LiveOrganization& organization, const model::KeyId& id);

 private:
  struct Holder {
    LiveOrganization* organization = nullptr;
    model::KeyId key;
  };

  void forget_holder(const Key& key);

  std::vector<std::unique_ptr<LiveOrganization>> all_;
  std::unordered_map<model::OrganizationId, LiveOrganization*> by_id_;
  std::unordered_map<std::string, Caller> accounts_;
  mutable std::shared_mutex mutex_;  ///< guards what follows; taken before an organization's
  std::unordered_map<std::string, Holder> holders_;  ///< by public key, those that can log in
};

/// Whether `address` ("10.0.0.1", "::1") is on the list; an empty list admits everyone.
bool admits(const std::vector<AccessEntry>& list, const std::string& address);
/// Whether `text` is an address or a block of addresses.
bool is_network(const std::string& text);

}  // namespace aka::simulator
