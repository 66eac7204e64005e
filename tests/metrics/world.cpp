// Worlds for the tests, and the two programs that judge their pages.
#include "metrics/world.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdlib.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "metrics/exposition.h"

namespace aka::metrics::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

template <typename Id>
Id numbered(int series, std::size_t number) {
  return *Id::parse(fmt::format("{:08x}{:016x}", series, number));
}

}  // namespace

model::Organization& World::add_organization(std::string name) {
  model::Organization& organization = roster_.organizations.emplace_back();
  organization.id = numbered<model::OrganizationId>(0x5f1a2b3c, roster_.organizations.size());
  organization.name = std::move(name);
  organization.interval = minutes(5);
  organization.owner = std::make_shared<const std::string>("platform-team");
  organization.first_key = keys_.size();
  model::OrganizationStatus& status = statuses_.emplace_back();
  status.effective_interval = minutes(5);
  status.detection_bound = minutes(5) + milliseconds(40500);
  return organization;
}

model::Key& World::add_key(std::string name, model::KeyStatus status) {
  static const auto kPolicy = std::make_shared<const model::Policy>(
      model::Policy{.name = "ci", .description = {}, .roles = {}, .severity = {}});
  model::Organization& organization = roster_.organizations.back();
  keys_.push_back(std::move(status));
  model::Key& key = organization.keys.emplace_back();
  key.id = numbered<model::KeyId>(0x64aa11bb, keys_.size());
  key.name = std::move(name);
  key.policy = kPolicy;
  key.owner = organization.owner;
  return key;
}

model::Snapshot World::snapshot() const {
  model::Snapshot result;
  auto roster = std::make_shared<model::Roster>(roster_);
  roster->key_count = keys_.size();
  result.roster = std::move(roster);
  for (std::size_t i = 0; i < keys_.size(); i += model::kChunkSize) {
    auto chunk = std::make_shared<model::Chunk>();
    for (std::size_t j = i; j < std::min(keys_.size(), i + model::kChunkSize); ++j) {
      (*chunk)[j - i] = keys_[j];
    }
    result.chunks.push_back(std::move(chunk));
  }
  result.organizations = statuses_;
  result.wall = kWall;
  result.steady = kSteady;
  return result;
}

model::KeyStatus judged(model::Findings findings, milliseconds age) {
  model::KeyStatus status;
  status.state = model::State::compliant;
  for (const auto& finding : findings) {
    if (!finding.waived) status.state = model::State::drift;
  }
  status.http_status = 200;
  status.evidence = model::Evidence::record;
  status.judged_by_current_policy = true;
  status.last_poll = status.last_success = World::kWall - age;
  status.last_success_steady = World::kSteady - age;
  if (!findings.empty()) {
    status.findings = std::make_shared<const model::Findings>(std::move(findings));
  }
  return status;
}

model::KeyStatus failed(model::KeyStatus before, model::Failure failure, int http_status) {
  before.state = failure.state;
  before.reason = failure.reason;
  before.http_status = static_cast<std::int16_t>(http_status);
  before.last_poll = World::kWall - minutes(1);
  before.message = std::make_shared<const std::string>(std::move(failure.message));
  return before;
}

World full_world() {
  World world;
  world.add_organization("prod");
  world.status().last_conclusive = World::kSteady - minutes(2);
  world.status().rate_limit_remaining = 87;
  world.status().credential_excess = false;
  model::Discovery discovery;
  discovery.last_complete = World::kWall;
  world.status().discovery = std::make_shared<const model::Discovery>(discovery);
  world.add_key("ci", judged({}, minutes(2)));
  model::Finding finding;
  finding.kind = model::FindingKind::role_unexpected;
  finding.severity = model::Severity::critical;
  finding.role = "ORG_OWNER";
  finding.since = World::kWall - minutes(30);
  world.add_key("reports", judged({finding}, minutes(3)));
  return world;
}

std::string render(const model::Snapshot& snapshot) {
  std::string page;
  write_exposition(snapshot, [&](std::string_view block) {
    page += block;
    return true;
  });
  return page;
}

std::string run_on(const std::string& command, std::string_view input) {
  std::string path = "/tmp/aka_metrics_test_XXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path, std::ios::binary) << input;
  std::FILE* pipe = popen((command + " < " + path + " 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> buffer;
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    said.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  unlink(path.c_str());
  return status == 0 ? said : fmt::format("{}: status {}: {}", command, status, said);
}

std::string promtool_complaints(std::string_view page) {
  return run_on("promtool check metrics", page);
}

}  // namespace aka::metrics::testing
