// Which organizations are whose: the hash by fixed vectors and by what must hold for any ids, the
// values of --shard, and what of a store's facts belongs to others.
#include "app/shard.h"

#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "ledger/facts.h"

namespace aka::app {
namespace {

model::OrganizationId id(const std::string& text) {
  return model::OrganizationId::parse(text).value();
}

model::OrganizationId numbered(std::uint64_t number) { return id(fmt::format("{:024x}", number)); }

Environment environment(const std::map<std::string, std::string>& variables) {
  return [variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST_SUITE("shards") {
  // Computed with Python's hashlib: the shard with the greatest sha256(f"{id}/{shard}").
  TEST_CASE("an organization's shard never changes") {
    struct Vector {
      const char* organization;
      int of_2, of_3, of_4, of_16;
    };
    constexpr Vector kVectors[] = {
        {"5f1a2b3c4d5e6f7a8b9c0d1e", 1, 1, 1, 6},  {"5f1a2b3c4d5e6f7a8b9c0d1f", 0, 0, 3, 3},
        {"000000000000000000000000", 1, 1, 3, 6},  {"ffffffffffffffffffffffff", 1, 2, 3, 10},
        {"64aa11bb22cc33dd44ee55f1", 0, 0, 0, 13}, {"507f1f77bcf86cd799439011", 1, 2, 3, 10}};
    for (const Vector& one : kVectors) {
      INFO(one.organization);
      CHECK(shard_of(id(one.organization), 1) == 0);
      CHECK(shard_of(id(one.organization), 2) == one.of_2);
      CHECK(shard_of(id(one.organization), 3) == one.of_3);
      CHECK(shard_of(id(one.organization), 4) == one.of_4);
      CHECK(shard_of(id(one.organization), 16) == one.of_16);
    }
  }

  TEST_CASE("every organization is in exactly one shard") {
    CHECK(rc::check("exactly one", [](std::uint64_t number) {
      const int count = *rc::gen::inRange(1, 33);
      int owners = 0;
      for (int index = 0; index < count; ++index)
        owners += is_own(Shard{index, count}, numbered(number)) ? 1 : 0;
      RC_ASSERT(owners == 1);
    }));
  }

  TEST_CASE("with one shard more, organizations move to the new one only") {
    CHECK(rc::check("only to the new one", [](std::uint64_t number) {
      const int count = *rc::gen::inRange(1, 33);
      const int before = shard_of(numbered(number), count);
      const int after = shard_of(numbered(number), count + 1);
      RC_ASSERT(after == before || after == count);
    }));
  }

  TEST_CASE("with one shard more, about their share of the organizations moves") {
    constexpr int kOrganizations = 4000;
    for (const int count : {1, 3, 4, 15}) {
      int moved = 0;
      for (int i = 0; i < kOrganizations; ++i)
        moved += shard_of(numbered(i), count) == shard_of(numbered(i), count + 1) ? 0 : 1;
      const double share = 1.0 * kOrganizations / (count + 1);
      INFO(count, " shards: ", moved, " moved");
      CHECK(moved > share * 0.85);
      CHECK(moved < share * 1.15);
    }
  }

  TEST_CASE("a shard is a number of how many, or comes from the pod's name") {
    struct Row {
      const char* text;
      std::map<std::string, std::string> variables;
      const char* expected;  // "!": an error that holds the rest
    };
    const Row rows[] = {
        {"0/1", {}, "0/1"},
        {"2/4", {}, "2/4"},
        {"999/1000", {}, "999/1000"},
        {"ordinal/4", {{"HOSTNAME", "auditor-3"}}, "3/4"},
        {"ordinal/4", {{"POD_NAME", "auditor-1"}, {"HOSTNAME", "node-17"}}, "1/4"},
        {"ordinal/4", {{"POD_NAME", ""}, {"HOSTNAME", "x-0"}}, "0/4"},
        {"4/4", {}, "!there is no shard 4 of 4: they are numbered from 0 to 3"},
        {"ordinal/4", {{"HOSTNAME", "auditor-4"}}, "!N must be the number of the set's replicas"},
        {"ordinal/4", {}, "!neither is set"},
        {"ordinal/4", {{"HOSTNAME", "auditor"}}, "!HOSTNAME is 'auditor'"},
        {"ordinal/4", {{"HOSTNAME", "node17"}}, "!HOSTNAME is 'node17'"},
        {"ordinal/4", {{"HOSTNAME", "17"}}, "!HOSTNAME is '17'"},
        {"ordinal/4", {{"HOSTNAME", "a-99999999999999"}}, "!ends in '-' and a number"},
        {"ordinal", {{"HOSTNAME", "a-1"}}, "!expects I/N"},
        {"", {}, "!expects I/N"},
        {"/", {}, "!expects I/N"},
        {"1/", {}, "!expects I/N"},
        {"/4", {}, "!expects I/N"},
        {"-1/4", {}, "!expects I/N"},
        {"+1/4", {}, "!expects I/N"},
        {"1/4/8", {}, "!expects I/N"},
        {"1 /4", {}, "!expects I/N"},
        {"0/0", {}, "!expects I/N"},
        {"0/1001", {}, "!N from 1 to 1000"},
        {"a/4", {}, "!not 'a/4'"},
    };
    for (const Row& row : rows) {
      INFO(row.text);
      const auto shard = parse_shard(row.text, environment(row.variables));
      if (row.expected[0] != '!') {
        REQUIRE_MESSAGE(shard.has_value(), shard.error().message);
        CHECK(to_string(*shard) == row.expected);
      } else {
        REQUIRE_FALSE(shard.has_value());
        CHECK(shard.error().message.find(row.expected + 1) != std::string::npos);
      }
    }
  }

  TEST_CASE("each shard has a file of its own") {
    CHECK(store_path_of("/var/lib/a/journal.db", 2) == "/var/lib/a/journal-2.db");
    CHECK(store_path_of("journal", 0) == "journal-0");
    CHECK(store_path_of("a.b/c.tar.db", 11) == "a.b/c.tar-11.db");
  }

  TEST_CASE("a part of a roster numbers its keys anew, and the whole stays as it is") {
    auto whole = std::make_shared<model::Roster>();
    for (int i = 0; i < 4; ++i) {
      model::Organization organization;
      organization.id = numbered(i);
      organization.first_key = whole->key_count;
      organization.keys.resize(2 + i);
      whole->key_count += organization.keys.size();
      whole->organizations.push_back(organization);
    }
    const std::shared_ptr<const model::Roster> roster = whole;
    const auto odd = part_of(roster, [](const model::Organization& one) {
      return one.id == numbered(1) || one.id == numbered(3);
    });
    REQUIRE(odd->organizations.size() == 2);
    CHECK(odd->key_count == 8);
    CHECK(odd->organizations[0].first_key == 0);
    CHECK(odd->organizations[1].first_key == 3);
    CHECK(part_of(roster, [](const auto&) { return true; }) == roster);
    CHECK(part_of(roster, [](const auto&) { return false; })->key_count == 0);
  }

  TEST_CASE("facts about organizations of other shards are told apart") {
    using store::Fact;
    using store::FactKind;
    const std::string own = "5f1a2b3c4d5e6f7a8b9c0d1e";
    const Shard shard{shard_of(id(own), 4), 4};
    std::string other;
    for (int i = 0; other.empty() || is_own(shard, id(other)); ++i) other = numbered(i).to_string();
    const auto facts_about = [](const std::string& organization) {
      return std::vector<Fact>{
          {FactKind::key, organization + "/64aa11bb22cc33dd44ee55f1", "{}"},
          {FactKind::seen, organization + "/64aa11bb22cc33dd44ee55f1", "7"},
          {FactKind::organization, organization, "{}"},
          {FactKind::alert,
           incident::identity_of({{"alertname", "AtlasKeyStale"}, {"org_id", organization}}),
           "{}"}};
    };
    const std::vector<Fact> nobodys{
        {FactKind::configuration, "text", "..."},
        {FactKind::daemon, "sinks", "[]"},
        {FactKind::alert, incident::identity_of({{"alertname", "AtlasPolicyWeakened"}}), "{}"},
        {FactKind::alert, "no json", "{}"}};
    std::vector<Fact> kept = facts_about(own);
    kept.insert(kept.end(), nobodys.begin(), nobodys.end());
    std::vector<Fact> all = facts_about(other);
    all.insert(all.end(), kept.begin(), kept.end());
    CHECK(take_foreign(std::nullopt, all).empty());
    CHECK(take_foreign(shard, all) == facts_about(other));
    CHECK(all == kept);
  }
}

}  // namespace
}  // namespace aka::app
