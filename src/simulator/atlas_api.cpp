// The Admin API itself. Entry point: answer_api(). The steps are those of the service, in its
// order: version, path, organization, rate limit, role, lookup; the first that fails gives the
// answer.
#include "simulator/atlas_api.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "simulator/api_error.h"
#include "simulator/crypto.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

constexpr std::string_view kKeyVersion = "2023-01-01";
constexpr std::string_view kRateLimitsVersion = "2025-03-12";

struct Call {
  const World& world;
  const Caller& caller;
  const Target& target;
  const web::Request& request;
  const Circumstances& circumstances;
};

web::Response refuse(std::string_view code, std::string_view subject) {
  return error_answer(known_error(code, subject));
}

/// Lower case only: so the service's own description of an id.
bool is_id(std::string_view text) {
  return text.size() == 24 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string content_type_of(Api api, std::string_view version) {
  if (api != Api::v2) return "application/json";
  return fmt::format("application/vnd.atlas.{}+json;charset=utf-8", version);
}

web::Response success(const Call& call, std::string_view version, std::string body) {
  web::Response answer;
  answer.content_type = content_type_of(call.target.api, version);
  if (call.request.parameter("envelope") == "true") {
    // A listing is an object already and gets the status as one more member.
    answer.body = call.target.route == Route::list_keys || call.target.route == Route::access_list
                      ? body.insert(body.size() - 1, R"(,"status":200)")
                      : fmt::format(R"({{"content":{},"status":200}})", body);
  } else {
    answer.body = std::move(body);
  }
  if (call.request.parameter("pretty") == "true") answer.body = pretty_json(answer.body);
  return answer;
}

void append_links(std::string& out, std::string_view self) {
  out += R"("links":[{"href":)";
  append_json_text(out, self);
  out += R"(,"rel":"self"}])";
}

void append_role(std::string& out, const Role& role) {
  out += '{';
  append_json_member(out, "groupId", role.project_id);
  append_json_member(out, "orgId", role.org_id);
  append_json_member(out, "roleName", role.name);
  if (out.back() == ',') out.pop_back();
  out += '}';
}

void append_roles(std::string& out, const std::vector<Role>& roles, std::uint64_t seed) {
  std::vector<std::size_t> order(roles.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    seed = mixed(seed);
    std::swap(order[i], order[seed % (i + 1)]);
  }
  out += R"("roles":[)";
  for (const std::size_t place : order) {
    if (out.back() != '[') out += ',';
    append_role(out, roles[place]);
  }
  out += ']';
}

std::string entry_json(const AccessEntry& entry, std::string_view list_href) {
  std::string out = "{";
  append_json_member(out, "cidrBlock", entry.cidr_block);
  out += fmt::format(R"("count":{},)", entry.count);
  append_json_member(out, "created", entry.created);
  append_json_member(out, "ipAddress", entry.ip_address);
  append_json_member(out, "lastUsed", entry.last_used);
  append_json_member(out, "lastUsedAddress", entry.last_used_address);
  const std::string& name = entry.ip_address.empty() ? entry.cidr_block : entry.ip_address;
  append_links(out, fmt::format("{}/{}", list_href, name));
  return out + "}";
}

std::string self_href(const Call& call) { return call.circumstances.origin + call.request.path; }

bool holds_org_role(const Caller& caller, const LiveOrganization& organization) {
  const std::string id = organization.id().to_string();
  return std::ranges::any_of(caller.roles(), [&](const Role& role) {
    return role.org_id == id && role.name.starts_with("ORG_");
  });
}

bool may_read_access_list(const Caller& caller, const Key& key) {
  if (caller.key && caller.key->id == key.id) return true;
  return std::ranges::any_of(caller.roles(), [](const Role& role) {
    return role.name == "ORG_OWNER" || role.name == "ORG_USER_ADMIN";
  });
}

struct Page {
  std::size_t number = 1;
  std::size_t size = 100;
  bool with_count = true;
};

std::optional<std::size_t> number_within(const std::string& text, std::size_t absent,
                                         std::size_t most) {
  if (text.empty()) return absent;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number >= 1 && number <= most ? std::optional(number) : std::nullopt;
}

/// The page asked for, or the name of the parameter that is wrong.
std::pair<Page, std::string_view> page_of(const web::Request& request) {
  constexpr std::size_t kLargestPage = 500;
  constexpr std::size_t kLastPage = 1'000'000;
  Page page;
  const auto number = number_within(request.parameter("pageNum"), page.number, kLastPage);
  if (!number) return {page, "pageNum"};
  const auto size = number_within(request.parameter("itemsPerPage"), page.size, kLargestPage);
  if (!size) return {page, "itemsPerPage"};
  return {{*number, *size, request.parameter("includeCount") != "false"}, {}};
}

std::string page_href(const Call& call, const Page& page, std::size_t number) {
  return fmt::format("{}?includeCount={}&pageNum={}&itemsPerPage={}", self_href(call),
                     page.with_count, number, page.size);
}

/// A listing around `items`, of which there are `total` on all pages.
std::string list_json(const Call& call, const Page& page, const std::vector<std::string>& items,
                      std::size_t total) {
  std::string out = R"({"links":[)";
  const auto link = [&](std::string_view rel, std::size_t number) {
    out += R"({"href":)";
    append_json_text(out, page_href(call, page, number));
    out += fmt::format(R"(,"rel":"{}"}},)", rel);
  };
  link("self", page.number);
  if (page.number > 1) link("previous", page.number - 1);
  if (page.number * page.size < total) link("next", page.number + 1);
  out.back() = ']';
  out += R"(,"results":[)";
  out += fmt::format("{}]", fmt::join(items, ","));
  if (page.with_count) out += fmt::format(R"(,"totalCount":{})", total);
  return out + "}";
}

web::Response list_keys(const Call& call, const LiveOrganization& organization) {
  const auto [page, wrong] = page_of(call.request);
  if (!wrong.empty()) return refuse("INVALID_QUERY_PARAMETER", wrong);
  const std::string href = self_href(call);
  std::vector<std::string> items;
  std::uint64_t seed = call.circumstances.seed;
  for (const auto& key : organization.keys((page.number - 1) * page.size, page.size)) {
    seed = mixed(seed);
    items.push_back(key_json(*key, fmt::format("{}/{}", href, key->id.to_string()), seed));
  }
  return success(call, kKeyVersion, list_json(call, page, items, organization.key_count()));
}

web::Response access_list(const Call& call, const Key& key) {
  if (!may_read_access_list(call.caller, key)) {
    return refuse("API_KEY_ACCESS_LIST_ACCESS_DENIED", call.target.key);
  }
  const auto [page, wrong] = page_of(call.request);
  if (!wrong.empty()) return refuse("INVALID_QUERY_PARAMETER", wrong);
  const std::size_t total = key.access_list.size();
  const std::size_t first = std::min(total, (page.number - 1) * page.size);
  const std::size_t last = std::min(total, first + page.size);
  std::vector<std::string> items;
  for (std::size_t i = first; i < last; ++i) {
    items.push_back(entry_json(key.access_list[i], self_href(call)));
  }
  return success(call, kKeyVersion, list_json(call, page, items, total));
}

/// What the organization holds, once it is known that the caller may ask.
web::Response look_up(const Call& call, const LiveOrganization& organization) {
  if (!holds_org_role(call.caller, organization)) return refuse("USER_UNAUTHORIZED", "");
  if (call.target.route == Route::list_keys) return list_keys(call, organization);
  const auto id = model::KeyId::parse(call.target.key);
  const auto key = id ? organization.key(*id) : nullptr;
  if (!key) return refuse("API_KEY_NOT_FOUND", call.target.key);
  if (call.target.route == Route::access_list) return access_list(call, *key);
  return success(call, kKeyVersion, key_json(*key, self_href(call), call.circumstances.seed));
}

web::Response throttled(const Call& call, const TokenBucket::Taken& taken, const RateLimit& limit) {
  const std::string path = fmt::format("{}/orgs", prefix_of(call.target.api).substr(1));
  const auto wait = taken.retry_after.count();
  web::Response answer = error_answer(
      {429,
       "RATE_LIMITED_TOKEN_BUCKET",
       fmt::format("Rate limit exceeded for {}. Please retry after {} seconds.", path, wait),
       {json_text(path), std::to_string(wait), std::to_string(limit.burst),
        std::to_string(limit.per_minute), "60"}});
  answer.headers.emplace_back("Retry-After", std::to_string(wait));
  return answer;
}

/// Cloud Manager has a limiter of another kind and no RateLimit headers.
web::Response throttled_publicly(const RateLimit& limit) {
  return error_answer(
      {429,
       "RATE_LIMITED",
       fmt::format("Resource /api/public/v1.0/orgs is limited to {} requests every 1 minutes.",
                   limit.per_minute),
       {R"("/api/public/v1.0/orgs")", std::to_string(limit.per_minute), "1"}});
}

web::Response within_rate(const Call& call, LiveOrganization& organization) {
  const auto taken = organization.bucket().take(call.circumstances.now);
  const RateLimit& limit = organization.bucket().limit();
  if (call.target.api == Api::public_v1) {
    return taken.granted ? look_up(call, organization) : throttled_publicly(limit);
  }
  web::Response answer =
      taken.granted ? look_up(call, organization) : throttled(call, taken, limit);
  answer.headers.emplace_back("RateLimit-Limit", std::to_string(limit.burst));
  answer.headers.emplace_back("RateLimit-Remaining", std::to_string(taken.remaining));
  return answer;
}

web::Response in_organization(const Call& call) {
  if (!is_id(call.target.org)) return refuse("PATH_PARAM_PARSE_ERROR", call.target.org);
  if (!call.target.key.empty() && !is_id(call.target.key)) {
    return refuse("PATH_PARAM_PARSE_ERROR", call.target.key);
  }
  const auto id = model::OrganizationId::parse(call.target.org);
  LiveOrganization* const organization = id ? call.world.organization(*id) : nullptr;
  if (organization == nullptr) return refuse("ORG_NOT_FOUND", call.target.org);
  const bool is_public = call.target.api == Api::public_v1;
  if (is_public != (organization->platform() == Platform::cloud_manager)) {
    return refuse("NOT_ATLAS_ORG", call.target.org);
  }
  if (organization != call.caller.organization) {
    return refuse("USER_CANNOT_ACCESS_ORG", call.target.org);
  }
  return within_rate(call, *organization);
}

/// The caller's own key; a service account has none.
web::Response own_key(const Call& call) {
  std::string body = R"({"apiKey":)";
  if (const auto& key = call.caller.key) {
    const std::string href = self_href(call);
    std::vector<std::string> entries;
    for (const AccessEntry& entry : key->access_list) entries.push_back(entry_json(entry, href));
    body += fmt::format(R"({{"accessList":[{}],"id":"{}","publicKey":)", fmt::join(entries, ","),
                        key->id.to_string());
    append_json_text(body, key->public_key);
    body += ',';
    append_roles(body, call.caller.roles(), call.circumstances.seed);
    body += '}';
  } else {
    body += "null";
  }
  body += R"(,"appName":"MongoDB Atlas","build":"simulated",)";
  append_links(body, self_href(call));
  return success(call, kKeyVersion, body + R"(,"throttling":false})");
}

web::Response rate_limits(const Call& call) {
  const auto id = model::OrganizationId::parse(call.request.parameter("orgId"));
  LiveOrganization* const organization = id ? call.world.organization(*id) : nullptr;
  if (organization == nullptr || organization != call.caller.organization) {
    return refuse("INVALID_QUERY_PARAMETER", "orgId");
  }
  const RateLimit& limit = organization->bucket().limit();
  std::string body = R"({"links":[],"results":[{"capacity":)";
  body += fmt::format(
      R"({},"endpointSetId":"apiKeys","endpointSetName":"Programmatic API Keys",)"
      R"("endpoints":[],"refillDurationSeconds":60,"refillRate":{},"scope":"ORGANIZATION"}}]}})",
      limit.burst, limit.per_minute);
  return success(call, kRateLimitsVersion, std::move(body));
}

bool is_version_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  return std::ranges::equal(text, kForm, [](char symbol, char form) {
    return form == 'd' ? symbol >= '0' && symbol <= '9' : symbol == form;
  });
}

}  // namespace

std::string_view negotiated_version(std::string_view accept, std::string_view since) {
  constexpr std::string_view kBefore = "application/vnd.atlas.";
  constexpr std::string_view kAfter = "+json";
  for (std::size_t at = accept.find(kBefore); at != std::string_view::npos;
       at = accept.find(kBefore, at)) {
    at += kBefore.size();
    const std::string_view date = accept.substr(at, since.size());
    if (is_version_date(date) && accept.substr(at + date.size()).starts_with(kAfter) &&
        date >= since) {
      return since;
    }
  }
  return {};
}

std::string key_json(const Key& key, std::string_view self, std::uint64_t seed) {
  std::string out = "{";
  append_json_member(out, "desc", key.description);
  out += fmt::format(R"("id":"{}",)", key.id.to_string());
  append_links(out, self);
  out += R"(,"privateKey":)";
  append_json_text(out, "********-****-****-" + key.redacted_tail);
  if (!key.public_key.empty()) {
    out += R"(,"publicKey":)";
    append_json_text(out, key.public_key);
  }
  if (key.roles) {
    out += ',';
    append_roles(out, *key.roles, seed);
  }
  return out + "}";
}

web::Response answer_api(const World& world, const Caller& caller, const Target& target,
                         const web::Request& request, const Circumstances& circumstances) {
  const Call call{world, caller, target, request, circumstances};
  if (target.route == Route::other) return refuse("RESOURCE_NOT_FOUND", request.path);
  if (request.method != "GET" && request.method != "HEAD") {
    return refuse("METHOD_NOT_ALLOWED", request.method);
  }
  const std::string_view since =
      target.route == Route::rate_limits ? kRateLimitsVersion : kKeyVersion;
  if (target.api == Api::v2 && negotiated_version(request.header("Accept"), since).empty()) {
    return refuse("INVALID_VERSION_DATE", "");
  }
  if (target.route == Route::root) return own_key(call);
  if (target.route == Route::rate_limits) return rate_limits(call);
  return in_organization(call);
}

}  // namespace aka::simulator
