// Fixtures and patches of keys in their JSON form. Entry points: parse_fixture(), patch_key().
// base::Fields does the checking and the wording; this file knows only which members there are.
#include "simulator/fixture.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "simulator/crypto.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

using base::Diagnostics;
using base::Fields;
using base::Section;

/// What reading one organization needs beside the section at hand.
struct Reading {
  Diagnostics& diagnostics;
  const SecretSource& secrets;
  std::string org_id;
  const std::vector<Project>& projects;
};

template <typename Id>
std::optional<Id> read_id(Fields& fields) {
  const auto text = fields.text("id");
  if (!text) {
    fields.missing("id", "24 hex digits");
    return std::nullopt;
  }
  const auto id = Id::parse(*text);
  if (!id) {
    fields.diagnostics().error(
        fields.mark(),
        fmt::format("the id of {} must be 24 hex digits, not '{}'", fields.what(), *text));
  }
  return id;
}

template <typename Use>
void each_item(Fields& fields, std::string_view name, Use use) {
  const Section* const list = fields.sequence(name);
  if (list == nullptr) return;
  std::ranges::for_each(list->items, use);
}

base::Secret read_secret(Fields& fields, std::string_view name, const Reading& reading) {
  const std::string file_member = std::string(name) + "File";
  const auto written = fields.text(name);
  const auto file = fields.text(file_member);
  if (!file) return base::Secret(written.value_or(""));
  if (written) {
    fields.diagnostics().error(fields.mark(), fmt::format("{} has both '{}' and '{}'; leave one",
                                                          fields.what(), name, file_member));
  }
  auto secret = reading.secrets(*file);
  if (secret) return std::move(*secret);
  fields.diagnostics().error(fields.mark(), secret.error().message);
  return {};
}

std::optional<Role> read_written_role(const Section& section, const Reading& reading) {
  const std::size_t at = section.text.find('@');
  Role role{section.text.substr(0, at), {}, {}};
  if (at == std::string::npos) {
    role.org_id = reading.org_id;
    return role;
  }
  const std::string scope = section.text.substr(at + 1);
  const auto named = std::ranges::find(reading.projects, scope, &Project::name);
  if (named != reading.projects.end()) {
    role.project_id = named->id;
    return role;
  }
  if (model::ProjectId::parse(scope)) {
    role.project_id = scope;
    return role;
  }
  reading.diagnostics.error(
      section.mark, fmt::format("the role '{}' is on a project that is neither 24 hex digits nor "
                                "the name of one of the organization's projects",
                                section.text));
  return std::nullopt;
}

std::optional<Role> read_role(const Section& section, const Reading& reading) {
  if (section.kind == Section::Kind::scalar) return read_written_role(section, reading);
  Fields fields(section, "the role", reading.diagnostics);
  Role role{fields.text("roleName").value_or(""), fields.text("orgId").value_or(""),
            fields.text("groupId").value_or("")};
  fields.finish();
  return role;
}

std::vector<Role> read_roles(const Section& list, const Reading& reading) {
  std::vector<Role> roles;
  for (const Section& item : list.items) {
    if (auto role = read_role(item, reading)) roles.push_back(std::move(*role));
  }
  return roles;
}

AccessEntry read_access_entry(const Section& section, Diagnostics& diagnostics) {
  Fields fields(section, "the access list entry", diagnostics);
  AccessEntry entry;
  entry.ip_address = fields.text("ipAddress").value_or("");
  entry.cidr_block = fields.text("cidrBlock").value_or("");
  entry.created = fields.text("created").value_or("2026-01-01T00:00:00Z");
  entry.last_used = fields.text("lastUsed").value_or("");
  entry.last_used_address = fields.text("lastUsedAddress").value_or("");
  entry.count = fields.integer("count", 0, 1'000'000'000'000).value_or(0);
  if (entry.cidr_block.empty()) {
    const bool is_v6 = entry.ip_address.find(':') != std::string::npos;
    entry.cidr_block = entry.ip_address + (is_v6 ? "/128" : "/32");
  }
  if (!is_network(entry.cidr_block)) {
    diagnostics.error(
        section.mark,
        "the access list entry needs an 'ipAddress' or a 'cidrBlock' like 10.0.0.0/8");
  }
  fields.finish();
  return entry;
}

std::vector<AccessEntry> read_access_list(const Section& list, Diagnostics& diagnostics) {
  std::vector<AccessEntry> entries;
  for (const Section& item : list.items) entries.push_back(read_access_entry(item, diagnostics));
  return entries;
}

std::string tail_of(const model::KeyId& id, const base::Secret& private_key) {
  constexpr std::size_t kShown = 12;
  const std::string_view text = private_key.reveal();
  return text.size() < kShown ? id.to_string().substr(kShown)
                              : std::string(text.substr(text.size() - kShown));
}

/// Members that a key may have in a fixture and in a patch. Members that are absent change nothing.
void read_key_members(Fields& fields, Key& key, const Reading& reading) {
  if (const auto text = fields.text("desc")) key.description = *text;
  if (const auto text = fields.text("publicKey")) key.public_key = *text;
  if (fields.has_key("privateKey") || fields.has_key("privateKeyFile")) {
    key.private_key = read_secret(fields, "privateKey", reading);
    key.redacted_tail = tail_of(key.id, key.private_key);
  }
  if (const Section* const roles = fields.sequence("roles"))
    key.roles = read_roles(*roles, reading);
  if (const Section* const list = fields.sequence("accessList")) {
    key.access_list = read_access_list(*list, reading.diagnostics);
  }
}

std::optional<Key> read_key(const Section& section, const Reading& reading) {
  Fields fields(section, "the key", reading.diagnostics);
  const auto id = read_id<model::KeyId>(fields);
  Key key = bare_key(id.value_or(model::KeyId()));
  read_key_members(fields, key, reading);
  fields.any("privateKey");
  fields.any("privateKeyFile");
  fields.finish();
  return id ? std::optional(std::move(key)) : std::nullopt;
}

std::optional<ServiceAccount> read_account(const Section& section, const Reading& reading) {
  Fields fields(section, "the service account", reading.diagnostics);
  ServiceAccount account;
  account.client_id = fields.text("clientId").value_or("");
  account.client_secret = read_secret(fields, "clientSecret", reading);
  if (const Section* const roles = fields.sequence("roles")) {
    account.roles = read_roles(*roles, reading);
  }
  if (account.client_id.empty()) fields.missing("clientId");
  if (account.client_secret.empty()) fields.missing("clientSecret", "or 'clientSecretFile'");
  fields.finish();
  return account;
}

std::optional<RateLimit> read_rate_limit(Fields& fields) {
  const Section* const section = fields.mapping("rateLimit");
  if (section == nullptr) return std::nullopt;
  constexpr long long kMost = 1'000'000'000;
  Fields limit(*section, "the rate limit", fields.diagnostics());
  RateLimit result;
  result.burst = static_cast<int>(limit.integer("burst", 1, kMost).value_or(result.burst));
  result.per_minute =
      static_cast<int>(limit.integer("perMinute", 1, kMost).value_or(result.per_minute));
  limit.finish();
  return result;
}

std::vector<Project> read_projects(Fields& fields) {
  std::vector<Project> projects;
  each_item(fields, "projects", [&](const Section& item) {
    Fields project(item, "the project", fields.diagnostics());
    const auto id = read_id<model::ProjectId>(project);
    const auto name = project.text("name");
    if (!name) project.missing("name");
    project.finish();
    if (id && name) projects.push_back({id->to_string(), *name});
  });
  return projects;
}

/// What must be unique in the whole fixture, or within one organization.
struct Seen {
  std::set<std::string> organizations;
  std::set<std::string> logins;  ///< public keys and client ids
  std::set<model::KeyId> keys;   ///< ids are made by one service, so no two are equal
};

void note_unique(std::set<std::string>& seen, const std::string& text, const Section& section,
                 Diagnostics& diagnostics) {
  if (seen.insert(text).second) return;
  diagnostics.error(section.mark, fmt::format("'{}' is used twice", text));
}

std::optional<Organization> read_organization(const Section& section, Diagnostics& diagnostics,
                                              const SecretSource& secrets, Seen& seen) {
  Fields fields(section, "the organization", diagnostics);
  const auto id = read_id<model::OrganizationId>(fields);
  if (!id) return std::nullopt;
  note_unique(seen.organizations, id->to_string(), section, diagnostics);
  Organization organization;
  organization.id = *id;
  organization.name = fields.text("name").value_or(id->to_string());
  if (fields.choice("platform", {"atlas", "cloudManager"}).value_or("atlas") == "cloudManager") {
    organization.platform = Platform::cloud_manager;
  }
  organization.rate_limit = read_rate_limit(fields);
  organization.projects = read_projects(fields);
  const Reading reading{diagnostics, secrets, id->to_string(), organization.projects};
  each_item(fields, "keys", [&](const Section& item) {
    auto key = read_key(item, reading);
    if (!key) return;
    note_unique(seen.logins, key->public_key, item, diagnostics);
    if (!seen.keys.insert(key->id).second) {
      diagnostics.error(item.mark, fmt::format("the key id {} is used twice", key->id.to_string()));
    }
    organization.keys.push_back(std::move(*key));
  });
  each_item(fields, "serviceAccounts", [&](const Section& item) {
    auto account = read_account(item, reading);
    if (!account) return;
    note_unique(seen.logins, account->client_id, item, diagnostics);
    organization.accounts.push_back(std::move(*account));
  });
  fields.finish();
  return organization;
}

base::Error complaint(const Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const auto& diagnostic : diagnostics.sorted()) lines.push_back(to_string(diagnostic));
  return {base::ErrorKind::invalid_input, fmt::format("{}", fmt::join(lines, "\n"))};
}

/// Takes away what the patch sets to null.
void remove_members(Key& key, const Section& patch) {
  const auto is_null = [&](std::string_view name) {
    const Section* const member = patch.find(name);
    return member != nullptr && member->kind == Section::Kind::null;
  };
  if (is_null("desc")) key.description.clear();
  if (is_null("publicKey")) key.public_key.clear();
  if (is_null("privateKey")) key.private_key = base::Secret();
  if (is_null("roles")) key.roles.reset();
  if (is_null("accessList")) key.access_list.clear();
}

}  // namespace

Key bare_key(const model::KeyId& id) {
  Key key;
  key.id = id;
  std::uint64_t variety = std::hash<model::KeyId>{}(id);
  for (int i = 0; i < 8; ++i) {
    variety = mixed(variety);
    key.public_key += static_cast<char>('a' + variety % 26);
  }
  key.redacted_tail = tail_of(id, {});
  return key;
}

base::Result<Fixture> parse_fixture(std::string_view text, std::string_view name,
                                    const SecretSource& secrets) {
  const auto tree = read_json(text, name);
  if (!tree) return tl::unexpected(tree.error());
  Diagnostics diagnostics;
  Fields fields(*tree, "the fixture", diagnostics);
  Fixture fixture;
  Seen seen;
  each_item(fields, "organizations", [&](const Section& item) {
    auto organization = read_organization(item, diagnostics, secrets, seen);
    if (organization) fixture.organizations.push_back(std::move(*organization));
  });
  if (!fields.has_key("organizations")) fields.missing("organizations");
  if (const Section* const faults = fields.sequence("faults")) {
    fixture.faults = read_faults(*faults, diagnostics);
  }
  fields.finish();
  if (diagnostics.has_errors()) return tl::unexpected(complaint(diagnostics));
  return fixture;
}

base::Result<Key> patch_key(Key key, const LiveOrganization& organization, std::string_view patch) {
  const auto tree = read_json(patch, "patch");
  if (!tree) return tl::unexpected(tree.error());
  Diagnostics diagnostics;
  const SecretSource no_files = [](const std::string&) -> base::Result<base::Secret> {
    return base::fail(base::ErrorKind::invalid_input, "a patch holds its private key itself");
  };
  const Reading reading{diagnostics, no_files, organization.id().to_string(),
                        organization.projects()};
  Fields fields(*tree, "the patch", diagnostics);
  if (tree->kind == Section::Kind::null) {
    diagnostics.error(tree->mark, "the patch must be an object, not null");
  }
  read_key_members(fields, key, reading);
  fields.any("privateKey");
  fields.finish();
  if (diagnostics.has_errors()) return tl::unexpected(complaint(diagnostics));
  remove_members(key, *tree);
  return key;
}

}  // namespace aka::simulator
