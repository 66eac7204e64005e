#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "simulator/faults.h"
#include "simulator/world.h"

namespace aka::simulator {

/// What a fixture file holds. JSON, with Atlas's own names where Atlas has one:
///
///   {"organizations": [{
///      "id": "5f1a2b3c4d5e6f7a8b9c0d1e", "name": "prod",
///      "platform": "atlas",                                    or "cloudManager"
///      "rateLimit": {"burst": 500, "perMinute": 250},
///      "projects": [{"id": "5f1a2b3c4d5e6f7a8b9c0d2f", "name": "payments"}],
///      "keys": [{
///         "id": "64aa11bb22cc33dd44ee55f1", "desc": "ci deployer", "publicKey": "abcdwxyz",
///         "privateKey": "…" or "privateKeyFile": "auditor.key",  the key can then log in
///         "roles": ["ORG_MEMBER", "GROUP_OWNER@payments", {"orgId": "…", "roleName": "…"}],
///         "accessList": [{"ipAddress": "127.0.0.1", "count": 0}]}],
///      "serviceAccounts": [{"clientId": "mdb_sa_id_…", "clientSecret": "…" or
///         "clientSecretFile": "…", "roles": ["ORG_READ_ONLY"]}]}],
///    "faults": [{"key": "64aa…", "effect": "answer", "code": "IP_ADDRESS_NOT_ON_ACCESS_LIST"}]}
///
/// Only `organizations` and ids are needed. A role is `NAME` (on the key's organization),
/// `NAME@project` (by id or name), or the object that goes over the wire. Without `roles` the
/// answer has none; without `publicKey` the key gets one made of its id.
struct Fixture {
  std::vector<Organization> organizations;
  std::vector<Fault> faults;
};

/// Gives the secret in a file that a fixture names, its path as written there.
using SecretSource = std::function<base::Result<base::Secret>(const std::string& file)>;

/// All complaints at once, a line each: "fixture.json#/organizations/0/keys/3: …". `name` is how
/// they call the file.
base::Result<Fixture> parse_fixture(std::string_view text, std::string_view name,
                                    const SecretSource& secrets);

/// Reads a file. A secret's file is looked for beside it, and made, with mode 0600 and a random
/// secret, where there is none: so that a fixture can be published without secrets.
base::Result<Fixture> load_fixture(const std::string& path);

/// What parse_fixture() reads back, but for faults. Holds secrets.
std::string write_fixture(const std::vector<Organization>& organizations);

/// The key after a merge patch (RFC 7396) of `desc`, `publicKey`, `privateKey`, `roles` and
/// `accessList`, written as in a fixture.
base::Result<Key> patch_key(Key key, const LiveOrganization& organization, std::string_view patch);

/// A key that has nothing but its id, and a public key made of it.
Key bare_key(const model::KeyId& id);

}  // namespace aka::simulator
