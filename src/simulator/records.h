#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "model/ids.h"
#include "simulator/token_bucket.h"

namespace aka::simulator {

/// A role as it goes over the wire; an empty member is left out, so odd answers can be made too.
struct Role {
  std::string name;
  std::string org_id;
  std::string project_id;

  friend bool operator==(const Role&, const Role&) = default;
};

/// From where a credential may be used. Texts as the service shows them; empty ones are left out.
struct AccessEntry {
  std::string cidr_block;  ///< of a single address too: "10.0.0.1/32"
  std::string ip_address;
  std::string created;
  std::string last_used;
  std::string last_used_address;
  long long count = 0;
};

struct Key {
  model::KeyId id;
  std::string description;    ///< empty: the answer has no `desc`
  std::string public_key;     ///< also the user name of digest authentication
  base::Secret private_key;   ///< empty: nobody can log in with this key
  std::string redacted_tail;  ///< the 12 characters of the private key that answers show
  std::optional<std::vector<Role>> roles;  ///< nothing: the answer has no `roles`
  std::vector<AccessEntry> access_list;    ///< of this key as a caller; empty: from anywhere
};

struct ServiceAccount {
  std::string client_id;
  base::Secret client_secret;
  std::vector<Role> roles;
};

struct Project {
  std::string id;
  std::string name;

  friend bool operator==(const Project&, const Project&) = default;
};

/// Cloud Manager and Ops Manager organizations answer below /api/public/v1.0, Atlas ones elsewhere.
enum class Platform { atlas, cloud_manager };

struct Organization {
  model::OrganizationId id;
  std::string name;
  Platform platform = Platform::atlas;
  std::optional<RateLimit> rate_limit;  ///< nothing: the program's
  std::vector<Project> projects;        ///< so that roles can name them
  std::vector<Key> keys;                ///< ids are unique
  std::vector<ServiceAccount> accounts;
};

}  // namespace aka::simulator
