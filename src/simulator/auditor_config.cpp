// The auditor's configuration for a simulated service. Entry point: describe_for_auditor(). YAML is
// written by hand: JSON strings are YAML strings, and nothing else needs quoting.
#include "simulator/auditor_config.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

class Writer {
 public:
  explicit Writer(const AuditorConfigOptions& options) : options_(options) {}

  base::Result<void> add(const Organization& organization);
  AuditorConfig finish() &&;

 private:
  std::string unique_name(const Organization& organization);
  base::Result<void> add_credential(const Organization& organization, const std::string& name);
  void add_key(const Key& key, const std::string& org_id);
  void add_limit(const RateLimit& limit);
  const std::string& policy_for(const Key& key, const std::string& org_id);
  RateLimit rate_limit() const { return limit_.value_or(options_.rate_limit); }
  base::Duration interval() const;

  const AuditorConfigOptions& options_;
  std::set<std::string> names_;
  std::map<std::string, std::string> policy_names_;  ///< by what they say
  std::string credentials_;
  std::string policies_;
  std::string organizations_;
  long long most_keys_ = 0;         ///< that any organization has to poll
  std::optional<RateLimit> limit_;  ///< the least that any organization grants
  AuditorConfig config_;
};

/// Names in a configuration hold fewer characters than Atlas's.
std::string Writer::unique_name(const Organization& organization) {
  constexpr std::size_t kLongest = 50;
  std::string name = organization.name.substr(0, kLongest);
  for (char& symbol : name) {
    if (!std::isalnum(static_cast<unsigned char>(symbol)) && symbol != '.' && symbol != '_') {
      symbol = '-';
    }
  }
  if (name.empty() || !names_.insert(name).second) {
    name = organization.id.to_string();
    names_.insert(name);
  }
  return name;
}

base::Result<void> Writer::add_credential(const Organization& organization,
                                          const std::string& name) {
  const std::string file = options_.secrets_directory + "/" + name;
  if (options_.credential == ConfigCredential::service_account) {
    if (organization.accounts.empty()) {
      return base::fail(base::ErrorKind::invalid_input,
                        fmt::format("the organization {} has no service account; give it one in "
                                    "the fixture, or choose digest",
                                    organization.name));
    }
    const ServiceAccount& account = organization.accounts.front();
    credentials_ +=
        fmt::format("  {}: {{service_account: {{client_id: {}, client_secret_file: {}}}}}\n", name,
                    json_text(account.client_id), json_text(file));
    config_.secrets.push_back({name, account.client_secret});
    return {};
  }
  const auto key = std::ranges::find_if(
      organization.keys, [](const Key& candidate) { return !candidate.private_key.empty(); });
  if (key == organization.keys.end()) {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("the organization {} has no key that can log in; give one a "
                                  "'privateKey' in the fixture",
                                  organization.name));
  }
  credentials_ += fmt::format("  {}: {{digest: {{public_key: {}, private_key_file: {}}}}}\n", name,
                              json_text(key->public_key), json_text(file));
  config_.secrets.push_back({name, key->private_key});
  return {};
}

/// A role as a policy writes it; empty for one that no policy can name.
std::string policy_text(const Role& role, const std::string& org_id) {
  if (role.project_id.empty() && role.org_id == org_id) return role.name;
  if (role.org_id.empty() && !role.project_id.empty()) return role.name + "@" + role.project_id;
  return {};
}

const std::string& Writer::policy_for(const Key& key, const std::string& org_id) {
  std::string text;
  if (!key.description.empty()) {
    text += fmt::format("    description: {}\n", json_text(key.description));
  }
  if (key.roles) {
    std::set<std::string> roles;
    for (const Role& role : *key.roles) {
      const std::string written = policy_text(role, org_id);
      if (!written.empty()) roles.insert(json_text(written));
    }
    text += fmt::format("    roles: {{exact: [{}]}}\n", fmt::join(roles, ", "));
  }
  if (text.empty()) text = "    description: \"\"\n";
  const auto [place, is_new] = policy_names_.try_emplace(text);
  if (is_new) {
    place->second = fmt::format("policy-{}", policy_names_.size());
    policies_ += fmt::format("  {}:\n{}", place->second, text);
  }
  return place->second;
}

void Writer::add_key(const Key& key, const std::string& org_id) {
  organizations_ += fmt::format("      - {{id: \"{}\", policy: {}}}\n", key.id.to_string(),
                                policy_for(key, org_id));
}

/// A configuration has one limit for all organizations, so it must be one that each grants.
void Writer::add_limit(const RateLimit& limit) {
  const RateLimit least = limit_.value_or(limit);
  limit_ =
      RateLimit{std::min(least.burst, limit.burst), std::min(least.per_minute, limit.per_minute)};
}

base::Result<void> Writer::add(const Organization& organization) {
  const std::string id = organization.id.to_string();
  const std::string name = unique_name(organization);
  if (auto added = add_credential(organization, name); !added) return added;
  organizations_ +=
      fmt::format("  - id: \"{}\"\n    name: \"{}\"\n    credential: \"{}\"\n", id, name, name);
  const auto watched = [](const Key& key) { return key.private_key.empty(); };
  const long long count = std::ranges::count_if(organization.keys, watched);
  most_keys_ = std::max(most_keys_, count);
  add_limit(organization.rate_limit.value_or(options_.rate_limit));
  organizations_ += count > 0 ? "    keys:\n" : "    keys: []\n";
  for (const Key& key : organization.keys) {
    if (watched(key)) add_key(key, id);
  }
  return {};
}

/// Each organization has the rate limit to itself.
base::Duration Writer::interval() const {
  constexpr std::chrono::seconds kUsual(10);
  const int per_minute = rate_limit().per_minute;
  const std::chrono::seconds needed((60 * most_keys_ + per_minute - 1) / per_minute);
  return options_.interval.value_or(std::max(kUsual, needed));
}

AuditorConfig Writer::finish() && {
  std::string ca_file;
  if (!options_.ca_file.empty()) ca_file = "  ca_file: " + json_text(options_.ca_file) + "\n";
  config_.yaml = fmt::format(
      "# Written by atlas-key-sim, for the service it simulates.\n"
      "version: 1\n"
      "atlas:\n"
      "  base_url: {}\n"
      "  api: {}\n"
      "{}"
      "  rate_limit: {{burst: {}, per_minute: {}}}\n"
      "schedule: {{interval: {}}}\n"
      "store: {{path: {}}}\n"
      "credentials:\n{}"
      "policies:{}\n{}"
      "organizations:\n{}",
      options_.base_url, options_.api, ca_file, rate_limit().burst, rate_limit().per_minute,
      base::format_duration(interval()), json_text(options_.store_file), credentials_,
      policies_.empty() ? " {}" : "", policies_, organizations_);
  return std::move(config_);
}

}  // namespace

base::Result<AuditorConfig> describe_for_auditor(const std::vector<Organization>& organizations,
                                                 const AuditorConfigOptions& options) {
  Writer writer(options);
  for (const Organization& organization : organizations) {
    if (auto added = writer.add(organization); !added) return tl::unexpected(added.error());
  }
  return std::move(writer).finish();
}

}  // namespace aka::simulator
