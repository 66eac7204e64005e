// What `init` prints is a configuration that is accepted, and that the keys then comply with,
// whatever they are called and hold.
#include "report/bootstrap.h"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "policy/judge.h"
#include "policy/role_order.h"
#include "settings/load.h"
#include "support/audited.h"
#include "support/scratch_directory.h"

namespace aka::app {
namespace {

using model::KeyRecord;

const base::WallTime kNow = test::at("2026-11-24T06:00:00Z");
const std::string kBase =
    "version: 1\n"
    "credentials: {c: {digest: {public_key: abcdwxyz, private_key_env: X}}}\n"
    "organizations:\n  - id: 5f1a2b3c4d5e6f7a8b9c0d1e\n    name: prod\n    credential: c\n";

model::Organization empty_organization() {
  model::Organization organization;
  organization.id = model::OrganizationId::parse(test::kOrganization).value();
  organization.name = "prod";
  return organization;
}

std::string id_of(std::size_t number) { return fmt::format("64aa11bb22cc33dd{:08x}", number); }

/// What the records are judged by, or what is wrong with it.
struct Loaded {
  settings::Settings settings;
  std::string errors;
};

Loaded load(const std::string& base, const std::string& printed) {
  const testing::ScratchDirectory directory;
  directory.write("a.yaml", base);
  directory.write("b.yaml", printed);
  base::Diagnostics diagnostics;
  Loaded loaded{settings::load(directory.path(), kNow, diagnostics), {}};
  for (const base::Diagnostic& one : diagnostics.sorted()) {
    if (one.gravity == base::Gravity::error) loaded.errors += base::to_string(one) + "\n";
  }
  return loaded;
}

/// Empty if the configuration is accepted, has every key once and finds nothing on any.
std::string complaint(const std::vector<KeyRecord>& records) {
  const std::string printed = report::bootstrap_yaml(records, empty_organization(), {}, kNow);
  const Loaded loaded = load(kBase, printed);
  if (!loaded.errors.empty()) return loaded.errors + printed.substr(0, 4000);
  const std::vector<model::Key>& keys = loaded.settings.roster.organizations[0].keys;
  if (keys.size() != records.size()) return "not every key is there once";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].id != records[i].id) return "another order";
    const model::Findings found = policy::judge(keys[i], &records[i], kNow);
    if (!found.empty()) {
      return fmt::format("{}: expected {}, found {}", to_string(found[0].kind), found[0].expected,
                         found[0].actual);
    }
  }
  return "";
}

std::vector<std::string> policies_of(const std::vector<KeyRecord>& records) {
  const Loaded loaded =
      load(kBase, report::bootstrap_yaml(records, empty_organization(), {}, kNow));
  CHECK(loaded.errors == "");
  std::vector<std::string> names;
  for (const model::Key& key : loaded.settings.roster.organizations[0].keys)
    names.push_back(key.policy->name);
  return names;
}

/// An organization whose texts and roles are drawn from what has ever broken a YAML writer.
std::vector<KeyRecord> organization(std::size_t keys, std::size_t most_roles, unsigned seed) {
  static const std::vector<std::string> kPieces{"ci",
                                                "deployer",
                                                " ",
                                                "  ",
                                                "\"",
                                                "'",
                                                "\\",
                                                "\n",
                                                "\r\n",
                                                "\t",
                                                ": ",
                                                " #",
                                                "- ",
                                                "{",
                                                "}",
                                                "[",
                                                "]",
                                                "*a",
                                                "&a",
                                                "!t",
                                                "|",
                                                ">",
                                                "%",
                                                "@",
                                                "`",
                                                "---",
                                                "...",
                                                "null",
                                                "~",
                                                "1.5",
                                                std::string(1, '\0'),
                                                "\x04",
                                                "\x7f",
                                                "\u0085",
                                                "\u00e9",
                                                "\u2028",
                                                "\u202e",
                                                "\ufeff",
                                                "\ufffe",
                                                "\U0001F511",
                                                "\U000E0001",
                                                "(",
                                                ")",
                                                "+",
                                                "?",
                                                "^",
                                                "$",
                                                "|\\",
                                                "\\n",
                                                "${x}"};
  static const std::vector<std::string> kScopes{"", "@5f1a2b3c4d5e6f7a8b9c0d2f",
                                                "@5f1a2b3c4d5e6f7a8b9c0d3a"};
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) { return random() % limit; };
  std::vector<std::vector<model::Role>> sets(1 + keys / 2);
  for (auto& set : sets) {
    const std::size_t count = below(most_roles + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& known = policy::known_roles();
      const std::size_t which = below(known.size() + 1);
      const std::string name = which < known.size() ? std::string(known[which].name) : "ORG_NEW9";
      set.push_back(test::role(name + kScopes[below(kScopes.size())]));
    }
    std::ranges::sort(set);
    set.erase(std::unique(set.begin(), set.end()), set.end());
  }
  std::vector<KeyRecord> records;
  for (std::size_t i = 0; i < keys; ++i) {
    std::string description;
    for (std::size_t piece = below(6); piece > 0; --piece)
      description += kPieces[below(kPieces.size())];
    records.push_back(test::record(sets[below(sets.size())], description, id_of(i)));
  }
  return records;
}

TEST_CASE("init then audit is compliant, whatever the organization holds") {
  CHECK(rc::check("init is accepted and complied with", [](unsigned seed) {
    std::mt19937 random(seed);
    const std::string said = complaint(organization(1 + random() % 40, random() % 31, seed));
    RC_LOG() << said;
    RC_ASSERT(said.empty());
  }));
}

TEST_CASE("init then audit is compliant for 2,000 keys with up to 30 roles each") {
  CHECK(complaint(organization(2000, 30, 7)) == "");
}

TEST_CASE("one role more than init saw is a finding") {
  std::vector<KeyRecord> records{test::record(test::roles({"ORG_MEMBER"}), "ci", id_of(1))};
  const Loaded loaded =
      load(kBase, report::bootstrap_yaml(records, empty_organization(), {}, kNow));
  const model::Key& key = loaded.settings.roster.organizations[0].keys.at(0);
  records[0].roles.push_back(test::role("ORG_OWNER"));
  CHECK(policy::judge(key, records.data(), kNow).size() == 1);
  records[0].roles.pop_back();
  records[0].description = "another";
  CHECK(policy::judge(key, records.data(), kNow).size() == 1);
}

TEST_CASE("what init prints can be read") {
  const std::vector<KeyRecord> records{
      test::record(test::roles({"ORG_MEMBER", "GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f"}),
                   "CI deployer", id_of(1)),
      test::record(test::roles({"ORG_READ_ONLY"}), "reports", id_of(2)),
      test::record(test::roles({"ORG_READ_ONLY"}), "dashboards (old)", id_of(3))};
  CHECK(
      report::bootstrap_yaml(records, empty_organization(), {"reports"}, kNow) ==
      R"yaml(# The keys that organization prod (5f1a2b3c4d5e6f7a8b9c0d1e) holds at 2026-11-24T06:00:00Z and the
# configuration does not list. This describes what is, not what should be: look at each
# line marked `review:`, then add it to the configuration, or save it beside it as a file
# of one directory.
policies:
  CI-deployer:
    description: "CI deployer"
    roles:
      exact:
        - GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f  # review: may do everything in the project
        - ORG_MEMBER
  reports-2:
    description:
      regex: "reports|\
        dashboards \\(old\\)"
    roles:
      exact:
        - ORG_READ_ONLY
organizations:
  - id: "5f1a2b3c4d5e6f7a8b9c0d1e"
    keys:
      - id: 64aa11bb22cc33dd00000001
        name: CI-deployer
        policy: CI-deployer
        public_key: abcdwxyz
      - id: 64aa11bb22cc33dd00000002
        name: reports
        policy: reports-2
        public_key: abcdwxyz
      - id: 64aa11bb22cc33dd00000003
        name: dashboards-old
        policy: reports-2
        public_key: abcdwxyz
)yaml");
}

TEST_CASE("equal rights share a policy, whatever the order and the description") {
  const auto names = policies_of({test::record(test::roles({"A", "B"}), "x", id_of(1)),
                                  test::record(test::roles({"B", "A"}), "y", id_of(2)),
                                  test::record(test::roles({"A"}), "x", id_of(3))});
  CHECK(names == std::vector<std::string>{"x", "x", "x-2"});
}

TEST_CASE("what no policy can express is said, and does not break the rest") {
  std::vector<KeyRecord> records{
      test::record(test::roles({"ORG_MEMBER", "ORG_OWNER@unknown"}), "a", id_of(1)),
      test::record(test::roles({"ORG_MEMBER"}), "0123abcd-0123-0123-0123-0123456789ab", id_of(2)),
      test::record(test::roles({"ORG_MEMBER"}), "\xff", id_of(3))};
  records[0].roles[0].name = "EVIL\n- x: y";
  records[2].public_key = "a: [b]\n";
  const std::string printed = report::bootstrap_yaml(records, empty_organization(), {}, kNow);
  CHECK(load(kBase, printed).errors == "");
  CHECK(printed.find("# review: no policy can name EVIL\\n- x: y, which") != std::string::npos);
  CHECK(printed.find("# review: no policy can name ORG_OWNER@unknown, which") != std::string::npos);
  CHECK(printed.find("0123456789ab") == std::string::npos);
}

TEST_CASE("keys and names that are configured are left alone") {
  const std::string configured = kBase + "    keys:\n      - {id: " + id_of(1) +
                                 ", name: ci, policy: p}\n" +
                                 "policies: {p: {roles: {exact: []}}, ci: {roles: {exact: []}}}\n";
  const Loaded before = load(configured, "version: 1\n");
  const model::Organization& prod = before.settings.roster.organizations[0];
  CHECK(before.settings.policy_names == std::vector<std::string>{"ci", "p"});
  const std::vector<KeyRecord> records{test::record({}, "ci", id_of(1)),
                                       test::record({}, "ci", id_of(2)),
                                       test::record({}, "ci", id_of(2))};
  const Loaded after =
      load(configured, report::bootstrap_yaml(records, prod, before.settings.policy_names, kNow));
  CHECK(after.errors == "");
  const auto& keys = after.settings.roster.organizations[0].keys;
  REQUIRE(keys.size() == 2);
  CHECK(keys[1].name == "ci-2");
  CHECK(keys[1].policy->name == "ci-2");
  CHECK(report::bootstrap_yaml({records[0]}, prod, {}, kNow) ==
        "# Every key that organization prod (5f1a2b3c4d5e6f7a8b9c0d1e) holds at "
        "2026-11-24T06:00:00Z is configured already.\n");
}

}  // namespace
}  // namespace aka::app
