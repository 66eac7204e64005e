// Organizations out of numbers. Entry point: generate(). Ids and secrets come from a mixing
// function of an index, so that nothing depends on a library's random numbers.
#include "simulator/generator.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "simulator/crypto.h"

namespace aka::simulator {
namespace {

enum class Kind : std::uint64_t { organization = 1, project, key, secret, account };

/// 24 hex digits, another one for each pair.
std::string id_text(Kind kind, std::uint64_t index) {
  // The first four bytes of a real id are seconds: here an hour apart, from 2023-02-01 on.
  constexpr std::uint64_t kStart = 1'675'209'600;
  const std::uint64_t seconds = (kStart + index * 3600) & 0xFFFFFFFFU;
  return fmt::format("{:08x}{:016x}", seconds,
                     mixed(static_cast<std::uint64_t>(kind) << 56 | index));
}

/// Eight letters, another one for each index: the multiplier has no factor in common with 26^8.
std::string public_key_text(std::uint64_t index) {
  constexpr std::uint64_t kMany = 208'827'064'576;  // 26^8
  std::uint64_t number = (index * 1'000'000'007U + 12'345'678'901U) % kMany;
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += static_cast<char>('a' + number % 26);
    number /= 26;
  }
  return text;
}

std::string private_key_text(std::uint64_t index) {
  const std::string digits = id_text(Kind::secret, index) + id_text(Kind::secret, ~index);
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                     digits.substr(12, 4), digits.substr(28, 4), digits.substr(36, 12));
}

struct Grant {
  std::string_view role;
  int project;  ///< -1: on the organization; else so many projects after the key's own
};

struct Template {
  std::string_view description;
  std::array<Grant, 3> grants;  ///< an empty role ends the list
};

constexpr std::array<Template, 6> kTemplates{{
    {"ci deployer", {{{"ORG_MEMBER", -1}, {"GROUP_OWNER", 0}, {"", 0}}}},
    {"metrics reader", {{{"ORG_READ_ONLY", -1}, {"", 0}, {"", 0}}}},
    {"backup job", {{{"ORG_MEMBER", -1}, {"GROUP_BACKUP_MANAGER", 0}, {"", 0}}}},
    {"data pipeline",
     {{{"ORG_MEMBER", -1}, {"GROUP_DATA_ACCESS_READ_WRITE", 0}, {"GROUP_READ_ONLY", 1}}}},
    {"billing export", {{{"ORG_BILLING_READ_ONLY", -1}, {"", 0}, {"", 0}}}},
    {"cluster scaler", {{{"ORG_MEMBER", -1}, {"GROUP_CLUSTER_MANAGER", 0}, {"", 0}}}},
}};

constexpr std::uint64_t kProjects = 5;

Key generated_key(std::uint64_t index, std::uint64_t organization, const std::string& org_id) {
  const std::string id = id_text(Kind::key, index);
  const Template& like = kTemplates[index % kTemplates.size()];
  Key key;
  key.id = model::KeyId::parse(id).value_or(model::KeyId());
  key.description = like.description;
  key.public_key = public_key_text(index);
  key.redacted_tail = id.substr(12);
  key.roles.emplace();
  for (const Grant& grant : like.grants) {
    if (grant.role.empty()) break;
    const std::uint64_t project =
        (mixed(index) + static_cast<std::uint64_t>(grant.project)) % kProjects;
    key.roles->push_back(grant.project < 0
                             ? Role{std::string(grant.role), org_id, {}}
                             : Role{std::string(grant.role),
                                    {},
                                    id_text(Kind::project, organization * kProjects + project)});
  }
  return key;
}

Key watcher_key(std::uint64_t index, const std::string& org_id) {
  const std::string secret = private_key_text(index);
  Key key = generated_key(index, 0, org_id);
  key.description = "key auditor";
  key.private_key = base::Secret(secret);
  key.redacted_tail = secret.substr(secret.size() - 12);
  key.roles = {{"ORG_READ_ONLY", org_id, {}}};
  return key;
}

}  // namespace

std::vector<Organization> generate(const GeneratorOptions& options) {
  std::vector<Organization> organizations;
  std::uint64_t next_key = 0;
  for (std::size_t i = 0; i < options.organizations; ++i) {
    const std::string id = id_text(Kind::organization, i);
    Organization made;
    made.id = model::OrganizationId::parse(id).value_or(model::OrganizationId());
    made.name = fmt::format("org-{}", i + 1);
    const std::size_t share =
        options.keys / options.organizations + (i < options.keys % options.organizations ? 1 : 0);
    for (std::size_t j = 0; j < share; ++j) made.keys.push_back(generated_key(next_key++, i, id));
    // Far beyond the others, so that more keys do not change who the watcher is.
    made.keys.push_back(watcher_key((1U << 30) + i, id));
    made.accounts.push_back({fmt::format("mdb_sa_id_{}", id_text(Kind::account, i)),
                             base::Secret("mdb_sa_sk_" + id_text(Kind::secret, ~i) +
                                          id_text(Kind::account, ~i).substr(8)),
                             {{"ORG_READ_ONLY", id, {}}}});
    organizations.push_back(std::move(made));
  }
  return organizations;
}

}  // namespace aka::simulator
