// The same worlds, watched key by key and by lists: whatever happens to them, both come to the same
// verdict of every key, after every round.
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "audit/auditor.h"
#include "audit/world_service.h"
#include "support/fake_clock.h"

using namespace std::chrono_literals;
using namespace aka;

namespace {

constexpr int kWorlds = 200;
constexpr int kRounds = 6;
constexpr const char* kOrganization = "aaaaaaaaaaaaaaaaaaaaaaaa";

using Dice = std::mt19937;

bool happens(Dice& dice, int percent) {
  return std::uniform_int_distribution<int>(1, 100)(dice) <= percent;
}

template <typename Value>
const Value& any_of(Dice& dice, const std::vector<Value>& values) {
  return values[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(dice)];
}

std::string id_of(int number) { return fmt::format("64aa11bb22cc33dd44ee{:04x}", number); }

std::string roles_text(Dice& dice) {
  static const std::vector<std::string> kSome{
      "", R"({"orgId":"aaaaaaaaaaaaaaaaaaaaaaaa","roleName":"ORG_MEMBER"})",
      R"({"orgId":"aaaaaaaaaaaaaaaaaaaaaaaa","roleName":"ORG_OWNER"})",
      R"({"orgId":"aaaaaaaaaaaaaaaaaaaaaaaa","roleName":"ORG_MEMBER"},)"
      R"({"groupId":"5f1a2b3c4d5e6f7a8b9c0d2f","roleName":"GROUP_OWNER"})",
      R"({"groupId":"nobody","roleName":"GROUP_OWNER"})"};
  return any_of(dice, kSome);
}

/// A key as the service tells of it, now and then in a way that nobody can read.
std::string key_text(Dice& dice, const std::string& id) {
  static const std::vector<std::string> kUnreadable{
      R"("roles":7)",         R"("desc":[],"roles":[])",       R"("roles":[{"roleName":""}])",
      R"("desc":"no roles")", R"("roles":[],"roles":[])",      R"("roles":[],"x":{"y":[}])",
      R"("roles":[7])",       "\"desc\":\"\xff\",\"roles\":[]"};
  if (happens(dice, 10)) return fmt::format(R"({{"id":"{}",{}}})", id, any_of(dice, kUnreadable));
  static const std::vector<std::string> kTexts{"ci", "ci deployer", ""};
  return fmt::format(
      R"({{"desc":"{}","id":"{}","privateKey":"{}","publicKey":"{}","roles":[{}]}})",
      any_of(dice, kTexts), id,
      happens(dice, 5) ? "7d1c64a0-52b9-4f0e-8a1d-c0ffee5ec2e7" : "********-****-****-0a1b2c3d4e5f",
      happens(dice, 10) ? "zyxwdcba" : "abcdwxyz", roles_text(dice));
}

/// Keys 0 to `listed` are configured, the others are not.
void change(testing::WorldService& world, Dice& dice, int keys) {
  for (int i = 0; i < keys; ++i) {
    if (happens(dice, 60)) continue;
    if (happens(dice, 30)) {
      world.keys.erase(id_of(i));
    } else {
      world.keys[id_of(i)] = key_text(dice, id_of(i));
    }
  }
  static const std::vector<http::Answer> kOutages{
      {500, {}, ""},
      {403, {}, R"({"errorCode":"IP_ADDRESS_NOT_ON_ACCESS_LIST"})"},
      {401, {}, R"({"errorCode":"USER_UNAUTHORIZED"})"},
      {404, {}, R"({"errorCode":"ORG_NOT_FOUND"})"}};
  world.outage = happens(dice, 15) ? any_of(dice, kOutages) : http::Answer{0, {}, ""};
}

std::shared_ptr<const model::Policy> some_policy(Dice& dice) {
  model::Policy policy;
  if (happens(dice, 50)) policy.description = std::string("ci");
  if (happens(dice, 80)) {
    policy.roles.emplace();
    policy.roles->exact = happens(dice, 50);
    if (happens(dice, 70))
      policy.roles->required = {{"ORG_MEMBER", model::ScopePatternKind::organization, {}}};
    if (!policy.roles->exact)
      policy.roles->forbidden = {{"*_OWNER", model::ScopePatternKind::organization, {}}};
  }
  return std::make_shared<const model::Policy>(std::move(policy));
}

model::Organization some_organization(Dice& dice, int keys) {
  model::Organization of;
  of.id = *model::OrganizationId::parse(kOrganization);
  of.name = "prod";
  of.interval = 60s;
  of.discover = happens(dice, 50);
  of.owner = std::make_shared<const std::string>();
  for (int i = 0; i < keys; ++i) {
    model::Key key;
    key.id = *model::KeyId::parse(id_of(i));
    key.name = id_of(i);
    key.owner = of.owner;
    if (happens(dice, 20)) {
      key.expect = model::Expectation::absent;
    } else {
      key.policy = some_policy(dice);
    }
    if (happens(dice, 30)) key.public_key = "abcdwxyz";
    of.keys.push_back(std::move(key));
  }
  return of;
}

/// One way of watching a world.
class Watch {
 public:
  Watch(model::Organization of, model::Fetch fetch, testing::FakeClock& clock)
      : clock_(clock),
        auditor_({[this](const audit::PollReport&) { ++polls_; },
                  [](const model::Organization&, const model::Key&, const policy::Advance&) {}},
                 clock) {
    of.fetch = fetch;
    model::Roster roster;
    roster.key_count = of.keys.size();
    roster.organizations.push_back(std::move(of));
    plan_.roster = std::make_shared<const model::Roster>(std::move(roster));
    plan_.polls = {5s, 0.0, 2, 1000, 60'000, 2};
    plan_.connect = [this](const model::Organization&) {
      return std::make_unique<atlas::Client>(
          std::make_shared<atlas::Service>(), std::make_shared<testing::OpenCredential>(),
          std::make_unique<testing::WorldTransport>(world), clock_);
    };
  }

  /// Polls every key once.
  void look() {
    auditor_.adopt(plan_, audit::PollMode::once);
    auditor_.wait_until_done();
  }

  model::Snapshot snapshot() { return auditor_.snapshot(); }
  int polls() const { return polls_; }

  testing::WorldService world;

 private:
  testing::FakeClock& clock_;
  std::atomic<int> polls_{0};
  audit::Plan plan_;
  audit::Auditor auditor_;
};

std::string text_of(const model::KeyStatus& status) {
  std::string text = fmt::format(
      "{} {} http {} evidence {} polls {} not_found {} found {} gone {} forbidden {} failed {}: {}",
      to_string(status.state), to_string(status.reason), status.http_status,
      static_cast<int>(status.evidence), status.conclusive_polls, status.streaks.not_found,
      status.streaks.found, status.streaks.gone, status.streaks.forbidden, status.streaks.failed,
      status.message == nullptr ? "" : *status.message);
  if (status.findings == nullptr) return text;
  for (const model::Finding& finding : *status.findings) {
    text += fmt::format("\n  {} {} {}@{} '{}' since {}", to_string(finding.kind),
                        to_string(finding.severity), finding.role, finding.project_id,
                        finding.actual, finding.since.time_since_epoch().count());
  }
  return text;
}

void compare(const model::Snapshot& by_key, const model::Snapshot& by_list) {
  for (std::size_t i = 0; i < by_key.roster->key_count; ++i) {
    CAPTURE(i);
    CHECK(text_of(by_key.status(i)) == text_of(by_list.status(i)));
  }
}

void watch_both_ways(unsigned seed) {
  CAPTURE(seed);
  Dice dice(seed);
  testing::FakeClock clock;
  const int keys = std::uniform_int_distribution<int>(1, 23)(dice);
  const int listed = std::uniform_int_distribution<int>(1, keys)(dice);
  const model::Organization of = some_organization(dice, listed);
  Watch by_key(of, model::Fetch::per_key, clock);
  Watch by_list(of, model::Fetch::list, clock);
  by_list.world.restless = happens(dice, 30);
  for (int round = 1; round <= kRounds; ++round) {
    CAPTURE(round);
    change(by_key.world, dice, keys);
    by_list.world.keys = by_key.world.keys;
    by_list.world.outage = by_key.world.outage;
    by_key.look();
    by_list.look();
    CHECK(by_list.polls() == by_key.polls());
    compare(by_key.snapshot(), by_list.snapshot());
    const auto known = by_key.snapshot().organizations[0].discovery;
    const auto also_known = by_list.snapshot().organizations[0].discovery;
    REQUIRE((known == nullptr) == (also_known == nullptr));
    if (known != nullptr && !by_list.world.restless)
      CHECK(known->unmanaged == also_known->unmanaged);
    clock.advance(60s);
  }
}

}  // namespace

TEST_CASE("200 random worlds are judged alike key by key and by lists") {
  for (unsigned seed = 1; seed <= kWorlds; ++seed) watch_both_ways(seed);
}
