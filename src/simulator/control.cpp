// The simulator's own pages. Entry point: Control::answer().
#include "simulator/control.h"

#include <utility>

#include <fmt/format.h>

#include "base/diagnostics.h"
#include "simulator/atlas_api.h"
#include "simulator/fixture.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

web::Response success(int status, std::string_view data) {
  web::Response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = fmt::format(R"({{"status":"success","data":{}}})", data);
  answer.body += '\n';
  return answer;
}

web::Response failure(int status, std::string_view sentence) {
  web::Response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = fmt::format(R"({{"status":"error","error":{}}})", json_text(sentence));
  answer.body += '\n';
  return answer;
}

struct Place {
  LiveOrganization* organization = nullptr;  ///< null: there is none of that id
  std::optional<model::KeyId> key;
};

Place place_of(const World& world, const web::Router::Segments& ids) {
  const auto organization = model::OrganizationId::parse(ids[0]);
  return {organization ? world.organization(*organization) : nullptr, model::KeyId::parse(ids[1])};
}

std::string counts_json(const StatusCounts& counts) {
  std::string out = "{";
  for (const auto& [status, count] : counts.counted()) {
    out += fmt::format(R"({}"{}":{})", out.size() > 1 ? "," : "", status, count);
  }
  return out + "}";
}

}  // namespace

Control::Control(World& world, FaultBoard& faults, Stats& stats,
                 std::function<void()> faults_changed)
    : world_(world), faults_(faults), stats_(stats), faults_changed_(std::move(faults_changed)) {
  using web::Request;
  using Segments = web::Router::Segments;
  pages_.add("POST", "/sim/keys/{}/{}",
             [this](const Request& request, const Segments& ids) { return put_key(request, ids); });
  pages_.add("DELETE", "/sim/keys/{}/{}",
             [this](const Request&, const Segments& ids) { return erase_key(ids); });
  pages_.add("GET", "/sim/faults",
             [this](const Request&, const Segments&) { return success(200, faults_.json()); });
  pages_.add("POST", "/sim/faults",
             [this](const Request& request, const Segments&) { return add_faults(request); });
  pages_.add("DELETE", "/sim/faults",
             [this](const Request&, const Segments&) { return clear_faults(); });
  pages_.add("GET", "/sim/stats",
             [this](const Request&, const Segments&) { return success(200, stats_json()); });
}

web::Response Control::put_key(const web::Request& request, const web::Router::Segments& ids) {
  const Place place = place_of(world_, ids);
  if (place.organization == nullptr) return failure(404, "there is no organization " + ids[0]);
  if (!place.key) return failure(400, "a key's id must be 24 hex digits, not " + ids[1]);
  const auto before = place.organization->key(*place.key);
  auto key = patch_key(before ? *before : bare_key(*place.key), *place.organization,
                       request.body.empty() ? "{}" : request.body);
  if (!key) return failure(400, key.error().message);
  if (!before && !key->roles) key->roles.emplace();
  const auto holder = world_.key_holder(key->public_key);
  if (holder && holder->key->id != key->id) {
    return failure(409, "the public key " + key->public_key + " belongs to another key");
  }
  const std::string shown = key_json(*key, request.path, 0);
  const auto change = world_.put_key(*place.organization, std::move(*key));
  return success(change == World::Change::created ? 201 : 200, shown);
}

web::Response Control::erase_key(const web::Router::Segments& ids) {
  const Place place = place_of(world_, ids);
  if (place.organization == nullptr) return failure(404, "there is no organization " + ids[0]);
  if (!place.key || !world_.erase_key(*place.organization, *place.key)) {
    return failure(404, "there is no key " + ids[1]);
  }
  return success(200, "null");
}

web::Response Control::add_faults(const web::Request& request) {
  const auto tree = read_json(request.body, "faults");
  if (!tree) return failure(400, tree.error().message);
  base::Diagnostics diagnostics;
  auto faults = read_faults(*tree, diagnostics);
  if (diagnostics.has_errors()) {
    std::string sentences;
    for (const auto& diagnostic : diagnostics.sorted()) sentences += to_string(diagnostic) + "\n";
    sentences.pop_back();
    return failure(400, sentences);
  }
  faults_.add(std::move(faults));
  faults_changed_();
  return success(201, faults_.json());
}

web::Response Control::clear_faults() {
  faults_.clear();
  faults_changed_();
  return success(200, "null");
}

std::string Control::stats_json() const {
  std::string out = fmt::format(R"({{"byStatus":{},"byRoute":{{)", counts_json(stats_.by_status));
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < kRouteNames.size(); ++i) {
    const std::uint64_t count = stats_.by_route[i].load();
    total += count;
    if (count > 0) out += fmt::format(R"("{}":{},)", kRouteNames[i], count);
  }
  if (out.back() == ',') out.pop_back();
  out += fmt::format(R"(}},"requests":{},"challenges":{},"staleChallenges":{},"tokensIssued":{},)"
                     R"("tokensRevoked":{},"faultsHit":{},"organizations":{{)",
                     total, stats_.challenges.load(), stats_.stale_challenges.load(),
                     stats_.tokens_issued.load(), stats_.tokens_revoked.load(),
                     stats_.faults_hit.load());
  for (const auto& organization : world_.organizations()) {
    if (out.back() == '}') out += ',';
    out += fmt::format(R"("{}":{})", organization->id().to_string(),
                       counts_json(organization->requests()));
  }
  return out + "}}";
}

}  // namespace aka::simulator
