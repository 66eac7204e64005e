// Good configurations: values, defaults, merging, and what makes no difference.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "settings/loaded.h"

namespace aka::settings {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kCredentials = "credentials:\n  main: {digest: {}}\n";
const std::string kPolicies = "policies:\n  ci: {roles: {exact: [ORG_MEMBER]}}\n";
const std::string kOrganization =
    "organizations:\n  - id: 5f1a2b3c4d5e6f7a8b9c0d1e\n    name: prod\n    credential: main\n";
const std::string kKeys = "    keys:\n      - {id: 64aa11bb22cc33dd44ee55f1, policy: ci}\n";
const std::string kSmall = "version: 1\n" + kCredentials + kPolicies + kOrganization + kKeys;

std::string text_of(const model::Policy& policy) {
  std::string text = fmt::format("[{}", policy.name);
  if (policy.description) {
    const auto* pattern = std::get_if<base::TextPattern>(&*policy.description);
    text += pattern ? " /" + pattern->expression() + "/"
                    : " \"" + std::get<std::string>(*policy.description) + "\"";
  }
  if (policy.roles) {
    for (const auto& role : policy.roles->required) text += " +" + to_string(role);
    for (const auto& role : policy.roles->allowed) text += " ?" + to_string(role);
    for (const auto& role : policy.roles->forbidden) text += " -" + to_string(role);
    text += policy.roles->exact ? " exact" : " open";
  }
  return text + "]";
}

/// All that a roster says, for comparison.
std::string text_of(const model::Roster& roster) {
  std::string text;
  for (const model::Organization& of : roster.organizations) {
    text += fmt::format("{} {} {} {}ms {} {} owner={} first={}\n", of.id.to_string(), of.name,
                        of.credential, of.interval.count(), of.fetch == model::Fetch::list,
                        of.discover, *of.owner, of.first_key);
    for (const model::Key& key : of.keys) {
      text += fmt::format("  {} {} {} owner={} public={} waivers={} absent={}\n",
                          key.id.to_string(), key.name, key.policy ? text_of(*key.policy) : "none",
                          *key.owner, key.public_key, key.waivers ? key.waivers->size() : 0,
                          key.expect == model::Expectation::absent);
    }
  }
  return text;
}

TEST_SUITE("loading") {
  TEST_CASE("what is left out has its default") {
    const Loaded loaded = load_text(kSmall);
    CHECK(loaded.report.empty());
    const Settings& s = loaded.settings;
    CHECK(s.atlas.base_url.origin == base::Origin{base::Scheme::https, "cloud.mongodb.com", 443});
    CHECK(s.atlas.base_url.target.empty());
    CHECK(s.atlas.api == Api::v1_0);
    CHECK(s.atlas.timeout == seconds(10));
    CHECK(s.atlas.ca_file.empty());
    CHECK_FALSE(s.atlas.proxy);
    CHECK(s.atlas.connections == 4);
    CHECK(s.atlas.rate_limit == RateLimit{100, 100});
    CHECK(s.schedule.interval == minutes(5));
    CHECK(s.schedule.jitter == doctest::Approx(0.1));
    CHECK(s.schedule.stale_after == 3);
    CHECK(s.schedule.confirm == 2);
    CHECK(s.schedule.recheck == hours(24));
    CHECK_FALSE(s.alerting);
    CHECK(s.web.listen == base::ListenAddress{"127.0.0.1", 9974});
    CHECK_FALSE(s.web.lifecycle);
    CHECK(s.store.path == "/var/lib/atlas-key-auditor/journal.db");
    CHECK(s.store.retention == hours(24 * 400));
    CHECK(s.log.level == LogLevel::info);
    CHECK(s.log.format == LogFormat::text);
    CHECK(text_of(s.roster) ==
          "5f1a2b3c4d5e6f7a8b9c0d1e prod main 300000ms false false owner= first=0\n"
          "  64aa11bb22cc33dd44ee55f1 64aa11bb22cc33dd44ee55f1 [ci +ORG_MEMBER exact] owner= "
          "public= waivers=0 absent=false\n");
  }

  TEST_CASE("what is written is read") {
    const Loaded loaded = load_text(
        "atlas:\n"
        "  base_url: http://127.0.0.1:8080/prefix/\n"
        "  api: public-v1.0\n"
        "  timeout: 1500ms\n"
        "  proxy: http://[::1]:3128\n"
        "  connections: 64\n"
        "  rate_limit: {burst: 7, per_minute: 30}\n"
        "schedule: {interval: 1m30s, jitter: 2.5%, stale_after: 5, confirm: 1}\n"
        "web: {listen: ':0', lifecycle: true}\n"
        "log: {level: debug, format: json}\n" +
        kSmall);
    CHECK(loaded.report.empty());
    const Settings& s = loaded.settings;
    CHECK(s.atlas.base_url.origin == base::Origin{base::Scheme::http, "127.0.0.1", 8080});
    CHECK(s.atlas.base_url.target == "/prefix");
    CHECK(s.atlas.api == Api::public_v1_0);
    CHECK(s.atlas.timeout == std::chrono::milliseconds(1500));
    CHECK(s.atlas.proxy == base::Origin{base::Scheme::http, "::1", 3128});
    CHECK(s.atlas.connections == 64);
    CHECK(s.atlas.rate_limit == RateLimit{7, 30});
    CHECK(s.schedule.interval == seconds(90));
    CHECK(s.schedule.jitter == doctest::Approx(0.025));
    CHECK(s.schedule.stale_after == 5);
    CHECK(s.schedule.confirm == 1);
    CHECK(s.web.listen == base::ListenAddress{"", 0});
    CHECK(s.web.lifecycle);
    CHECK(s.log.level == LogLevel::debug);
    CHECK(s.log.format == LogFormat::json);
    CHECK(s.roster.organizations[0].interval == seconds(90));
  }

  TEST_CASE("keys have policies by name and in place, owners, waivers") {
    const Loaded loaded = load_text(
        "version: 1\n" + kCredentials +
        "organizations:\n"
        "  - keys:\n"
        "      - {id: 64AA11BB22CC33DD44EE55F1, name: a, policy: later, owner: b-team}\n"
        "      - {id: 64aa11bb22cc33dd44ee55f2, expect: absent}\n"
        "      - id: 64aa11bb22cc33dd44ee55f3\n"
        "        policy: {description: x, roles: {exact: []}}\n"
        "        public_key: abcdwxyz\n"
        "        waivers:\n"
        "          - {kind: role_forbidden, role: GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f, until: "
        "2027-01-31, reason: migration, ticket: SEC-7}\n"
        "          - {kind: description_mismatch, actual: y, until: '2026-12-01T10:00:00+02:00', "
        "reason: r}\n"
        "    id: 5f1a2b3c4d5e6f7a8b9c0d1e\n"
        "    name: prod\n    credential: main\n    owner: a-team\n    interval: 1s\n"
        "policies:\n"
        "  later:\n"
        "    description: {regex: 'ci .*'}\n"
        "    roles: {required: [A], allowed: ['B@*'], forbidden: ['*_OWNER']}\n"
        "    severity: {role_missing: info}\n");
    CHECK(loaded.report.empty());
    const model::Roster& roster = loaded.settings.roster;
    CHECK(text_of(roster) ==
          "5f1a2b3c4d5e6f7a8b9c0d1e prod main 1000ms false false owner=a-team first=0\n"
          "  64aa11bb22cc33dd44ee55f1 a [later /ci .*/ +A ?B@* -*_OWNER open] owner=b-team public= "
          "waivers=0 absent=false\n"
          "  64aa11bb22cc33dd44ee55f2 64aa11bb22cc33dd44ee55f2 none owner=a-team public= waivers=0 "
          "absent=true\n"
          "  64aa11bb22cc33dd44ee55f3 64aa11bb22cc33dd44ee55f3 [ \"x\" exact] owner=a-team "
          "public=abcdwxyz waivers=2 absent=false\n");
    const auto& keys = roster.organizations[0].keys;
    CHECK(keys[0].policy->severity_of(model::FindingKind::role_missing) == model::Severity::info);
    CHECK_FALSE(keys[0].policy->severity_of(model::FindingKind::role_forbidden));
    const model::Waiver& role = (*keys[2].waivers)[0];
    CHECK(role.kind == model::FindingKind::role_forbidden);
    CHECK(role.role == "GROUP_OWNER");
    CHECK(role.project_id == "5f1a2b3c4d5e6f7a8b9c0d2f");
    CHECK(role.until == *base::parse_instant("2027-02-01T00:00:00Z"));
    CHECK(role.reason == "migration");
    CHECK(role.ticket == "SEC-7");
    const model::Waiver& text = (*keys[2].waivers)[1];
    CHECK(text.actual == "y");
    CHECK(text.until == *base::parse_instant("2026-12-01T08:00:00Z"));
  }

  TEST_CASE("keys that name one policy share it") {
    const Loaded loaded =
        load_text(kSmall + "      - {id: 64aa11bb22cc33dd44ee55f2, policy: ci}\n");
    const auto& keys = loaded.settings.roster.organizations.at(0).keys;
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].policy == keys[1].policy);
    CHECK(keys[0].owner == keys[1].owner);
  }

  TEST_CASE("credentials are handed on with their sections and places") {
    const Loaded loaded = load_text(kSmall);
    REQUIRE(loaded.settings.credentials.size() == 1);
    const CredentialSettings& credential = loaded.settings.credentials[0];
    CHECK(credential.name == "main");
    CHECK(credential.mark.line == 3);
    CHECK(credential.section.find("digest") != nullptr);
  }

  TEST_CASE("the alerting block is handed on") {
    const Loaded loaded = load_text(kSmall + "alerting: {heartbeat: 1m}\n");
    REQUIRE(loaded.settings.alerting);
    CHECK(loaded.settings.alerting->find("heartbeat")->text == "1m");
  }

  TEST_CASE("relative paths count from the file they stand in") {
    const testing::ScratchDirectory directory;
    const auto file = directory.write(
        "a.yaml", "atlas: {ca_file: tls/ca.pem}\nstore: {path: /var/x.db}\n" + kSmall);
    const Loaded loaded = load_path(file, directory.path());
    CHECK(loaded.settings.atlas.ca_file == (directory.path() / "tls/ca.pem").string());
    CHECK(loaded.settings.store.path == "/var/x.db");
  }

  TEST_CASE("what decides how keys are asked for is read without a warning") {
    const Loaded loaded = load_text(
        "schedule: {confirm: 3, recheck: 1h}\n"
        "store: {path: j.db, retention: 30d}\n"
        "version: 1\n" +
        kCredentials + kPolicies + kOrganization + "    fetch: list\n    discover: true\n");
    CHECK(loaded.usable);
    CHECK(std::ranges::count(loaded.report, '\n') == 1);  // the policy that nobody uses
    CHECK(loaded.settings.roster.organizations[0].fetch == model::Fetch::list);
    CHECK(loaded.settings.schedule.recheck == std::chrono::hours(1));
  }

  TEST_CASE("a policy or credential that nobody uses is a warning") {
    const Loaded loaded =
        load_text("version: 1\n" + kCredentials + "  spare: {digest: {}}\n" + kPolicies +
                  "  spare: {description: x}\n" + kOrganization + kKeys);
    CHECK(loaded.usable);
    CHECK(loaded.report ==
          "a.yaml:4:3: warning: credential 'spare' is used by no organization\n"
          "a.yaml:7:3: warning: policy 'spare' is used by no key\n");
  }

  TEST_CASE("each organization knows where its interval stands, or else itself") {
    const Loaded plain = load_text(kSmall);
    REQUIRE(plain.settings.organization_marks.size() == 1);
    CHECK(plain.settings.organization_marks[0].line == 7);
    const Loaded with = load_text("version: 1\n" + kCredentials + kPolicies + kOrganization +
                                  "    interval: 1m\n" + kKeys);
    CHECK(with.settings.organization_marks[0].line == 10);
  }

  TEST_CASE("an expired waiver is a warning, one that ends today is not") {
    const std::string waiver = "        waivers: [{kind: key_missing, reason: r, until: 2026-11-2";
    const std::string key = "    keys:\n      - id: 64aa11bb22cc33dd44ee55f1\n        policy: ci\n";
    const std::string head = "version: 1\n" + kCredentials + kPolicies + kOrganization + key;
    CHECK(load_text(head + waiver + "4}]\n").report.empty());
    const Loaded expired = load_text(head + waiver + "3}]\n");
    CHECK(expired.usable);
    CHECK(expired.report.find("warning: this waiver expired at 2026-11-24T00:00:00Z") !=
          std::string::npos);
  }

  TEST_CASE("the order of blocks makes no difference") {
    std::vector<std::string> blocks{"version: 1\n",
                                    kCredentials,
                                    kPolicies,
                                    kOrganization + kKeys,
                                    "schedule: {interval: 7m}\n",
                                    "atlas: {timeout: 3s}\n",
                                    "web: {listen: ':1'}\n"};
    const Loaded first = load_text(kSmall + blocks[4] + blocks[5] + blocks[6]);
    std::mt19937 random(1);
    for (int i = 0; i < 50; ++i) {
      std::ranges::shuffle(blocks, random);
      std::string text;
      for (const std::string& block : blocks) text += block;
      const Loaded loaded = load_text(text);
      CHECK(loaded.report.empty());
      CHECK(text_of(loaded.settings.roster) == text_of(first.settings.roster));
      CHECK(loaded.settings.atlas.timeout == seconds(3));
      CHECK(loaded.settings.web.listen == base::ListenAddress{"", 1});
    }
  }
}

TEST_SUITE("loading a directory") {
  TEST_CASE("blocks spread over files add up, in the order of file names") {
    const testing::ScratchDirectory directory;
    directory.write("a.yaml", "version: 1\nschedule: {interval: 7m}\n" + kCredentials);
    directory.write("b.yaml",
                    "organizations:\n  - id: 5f1a2b3c4d5e6f7a8b9c0d1e\n    keys:\n"
                    "      - {id: 64aa11bb22cc33dd44ee55f2, name: more, policy: other}\n");
    directory.write("c.yaml", kPolicies + kOrganization + kKeys);
    directory.write("d.yaml",
                    "version: 1\npolicies:\n  other: {description: x}\n"
                    "organizations:\n  - {id: 5f1a2b3c4d5e6f7a8b9c0d1f, name: second, credential: "
                    "main, keys: [{id: 64aa11bb22cc33dd44ee55f3, policy: ci}]}\n");
    const Loaded loaded = load_path(directory.path(), directory.path());
    CHECK(loaded.report.empty());
    CHECK(text_of(loaded.settings.roster) ==
          "5f1a2b3c4d5e6f7a8b9c0d1e prod main 420000ms false false owner= first=0\n"
          "  64aa11bb22cc33dd44ee55f2 more [other \"x\"] owner= public= waivers=0 absent=false\n"
          "  64aa11bb22cc33dd44ee55f1 64aa11bb22cc33dd44ee55f1 [ci +ORG_MEMBER exact] owner= "
          "public= waivers=0 absent=false\n"
          "5f1a2b3c4d5e6f7a8b9c0d1f second main 420000ms false false owner= first=2\n"
          "  64aa11bb22cc33dd44ee55f3 64aa11bb22cc33dd44ee55f3 [ci +ORG_MEMBER exact] owner= "
          "public= waivers=0 absent=false\n");
  }

  TEST_CASE("hidden files, other endings and directories below are not read") {
    const testing::ScratchDirectory directory;
    directory.write("a.yaml", kSmall);
    directory.write(".b.yaml", "nonsense: [\n");
    directory.write("c.yaml~", "nonsense: [\n");
    directory.write("below/d.yaml", "nonsense: [\n");
    CHECK(load_path(directory.path(), directory.path()).report.empty());
  }

  TEST_CASE("a link to a file is read, as in a mounted ConfigMap") {
    const testing::ScratchDirectory directory;
    directory.write("..2026/a.yaml", kSmall);
    std::filesystem::create_symlink("..2026", directory.path() / "..data");
    std::filesystem::create_symlink("..data/a.yaml", directory.path() / "a.yaml");
    const Loaded loaded = load_path(directory.path(), directory.path());
    CHECK(loaded.report.empty());
    CHECK(loaded.settings.roster.key_count == 1);
  }
}

}  // namespace
}  // namespace aka::settings
