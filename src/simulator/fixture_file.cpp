// Fixtures on disk. Entry points: load_fixture(), write_fixture(). A secret that a fixture names by
// file is made on first use, so that published fixtures need hold none.

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "simulator/crypto.h"
#include "simulator/files.h"
#include "simulator/fixture.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

std::string made_up_secret() {
  const std::string digits = hex(random_bytes(16));
  return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                     digits.substr(12, 4), digits.substr(16, 4), digits.substr(20));
}

base::Result<base::Secret> secret_in(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    const std::string fresh = made_up_secret();
    if (const auto written = write_file(path, fresh + "\n", 0600); !written) {
      return tl::unexpected(written.error());
    }
    return base::Secret(fresh);
  }
  auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  if (text->ends_with('\n')) text->pop_back();
  if (text->empty()) {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("the secret file {} is empty; remove it to get a new one", path));
  }
  return base::Secret(std::move(*text));
}

void append_roles(std::string& out, const std::vector<Role>& roles) {
  out += R"("roles":[)";
  for (const Role& role : roles) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_json_member(out, "groupId", role.project_id);
    append_json_member(out, "orgId", role.org_id);
    out += R"("roleName":)";
    append_json_text(out, role.name);
    out += '}';
  }
  out += "]";
}

void append_access_list(std::string& out, const std::vector<AccessEntry>& entries) {
  out += R"("accessList":[)";
  for (const AccessEntry& entry : entries) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_json_member(out, "cidrBlock", entry.cidr_block);
    append_json_member(out, "ipAddress", entry.ip_address);
    append_json_member(out, "created", entry.created);
    append_json_member(out, "lastUsed", entry.last_used);
    append_json_member(out, "lastUsedAddress", entry.last_used_address);
    out += fmt::format(R"("count":{}}})", entry.count);
  }
  out += "]";
}

void append_key(std::string& out, const Key& key) {
  out += fmt::format(R"({{"id":"{}",)", key.id.to_string());
  append_json_member(out, "desc", key.description);
  append_json_member(out, "privateKey", key.private_key.reveal());
  out += R"("publicKey":)";
  append_json_text(out, key.public_key);
  if (key.roles) {
    out += ',';
    append_roles(out, *key.roles);
  }
  if (!key.access_list.empty()) {
    out += ',';
    append_access_list(out, key.access_list);
  }
  out += '}';
}

void append_project(std::string& out, const Project& project) {
  out += fmt::format(R"({{"id":"{}","name":{}}})", project.id, json_text(project.name));
}

void append_account(std::string& out, const ServiceAccount& account) {
  out += '{';
  append_json_member(out, "clientId", account.client_id);
  append_json_member(out, "clientSecret", account.client_secret.reveal());
  append_roles(out, account.roles);
  out += '}';
}

template <typename Items, typename Append>
void append_lines(std::string& out, std::string_view name, const Items& items, Append append) {
  out += fmt::format("\"{}\":[", name);
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    append(out, item);
  }
  out += "]";
}

void append_organization(std::string& out, const Organization& organization) {
  out += fmt::format(R"({{"id":"{}","name":{},"platform":"{}",)", organization.id.to_string(),
                     json_text(organization.name),
                     organization.platform == Platform::atlas ? "atlas" : "cloudManager");
  if (const auto& limit = organization.rate_limit) {
    out += fmt::format(R"("rateLimit":{{"burst":{},"perMinute":{}}},)", limit->burst,
                       limit->per_minute);
  }
  append_lines(out, "projects", organization.projects, append_project);
  out += ",\n";
  append_lines(out, "keys", organization.keys, append_key);
  out += ",\n";
  append_lines(out, "serviceAccounts", organization.accounts, append_account);
  out += "}";
}

}  // namespace

base::Result<Fixture> load_fixture(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto directory = std::filesystem::path(path).parent_path();
  return parse_fixture(
      *text, path, [&](const std::string& file) { return secret_in((directory / file).string()); });
}

std::string write_fixture(const std::vector<Organization>& organizations) {
  std::string out = "{";
  append_lines(out, "organizations", organizations, append_organization);
  out += "}\n";
  return out;
}

}  // namespace aka::simulator
