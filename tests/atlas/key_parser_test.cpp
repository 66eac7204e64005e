// Reading a key: what is tolerated, what is refused and with which words.
#include "atlas/key_parser.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "support/audited.h"

namespace aka::atlas {
namespace {

const auto kOwn = model::OrganizationId::parse(test::kOrganization).value();

constexpr std::string_view kId = R"("id":"64aa11bb22cc33dd44ee55f1")";

/// A key with these further members.
std::string key_text(std::string_view members) { return fmt::format("{{{},{}}}", kId, members); }

std::string with_roles(std::string_view roles) {
  return key_text(fmt::format(R"("roles":[{}])", roles));
}

model::KeyRecord parsed(std::string_view text) {
  auto record = parse_key(text, kOwn);
  REQUIRE_MESSAGE(record.has_value(), record.error());
  return *record;
}

std::string problem(std::string_view text) {
  const auto record = parse_key(text, kOwn);
  return record ? "" : record.error();
}

TEST_SUITE("parse_key") {
  TEST_CASE("an answer as recorded is read whole") {
    const auto record = parsed(
        R"({"desc":"ci deploy key","id":"65f0aa11bb22cc33dd44ee55","links":[{"href":)"
        R"("https://cloud.mongodb.com/api/atlas/v2/orgs/5f1a2b3c4d5e6f7a8b9c0d1e/apiKeys/)"
        R"(65f0aa11bb22cc33dd44ee55","rel":"self"}],"privateKey":"********-****-****-0a1b2c3d4e5f",)"
        R"("publicKey":"abcdwxyz","roles":[{"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":)"
        R"("ORG_MEMBER"},{"groupId":"5f1a2b3c4d5e6f7a8b9c0d2f","roleName":"GROUP_READ_ONLY"}]})");
    CHECK(record ==
          test::record(test::roles({"GROUP_READ_ONLY@5f1a2b3c4d5e6f7a8b9c0d2f", "ORG_MEMBER"}),
                       "ci deploy key", "65f0aa11bb22cc33dd44ee55"));
  }

  TEST_CASE("absent and null fields are empty, and no roles are an empty set") {
    const model::KeyRecord bare{model::KeyId::parse(test::kKey).value(), "", "", {}, false};
    CHECK(parsed(with_roles("")) == bare);
    CHECK(parsed(key_text(R"("desc":null,"publicKey":null,"privateKey":null,"roles":[])")) == bare);
  }

  TEST_CASE("unknown fields are passed over, whatever they hold") {
    const auto record =
        parsed(key_text(R"("new":{"roles":[{"roleName":1}],"id":5},"newer":[[{}],1.5,true,null],)"
                        R"("count":18446744073709551615,"roles":[{"roleName":"A","orgId":)"
                        R"("5f1a2b3c4d5e6f7a8b9c0d1e","extra":{"roleName":2},"more":[1,[2]]}])"));
    CHECK(record.roles == test::roles({"A"}));
  }

  TEST_CASE("roles form a set: order and repeats do not matter") {
    const std::string member = R"({"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":"ORG_MEMBER"})";
    const std::string owner = R"({"groupId":"5f1a2b3c4d5e6f7a8b9c0d2f","roleName":"GROUP_OWNER"})";
    const auto one = parsed(with_roles(member + "," + owner));
    const auto other = parsed(with_roles(owner + "," + member + "," + owner));
    CHECK(one.roles == other.roles);
    CHECK(std::is_sorted(one.roles.begin(), one.roles.end()));
  }

  TEST_CASE("a role's scope is its organization, its project, or unknown") {
    struct Row {
      std::string owner;
      model::Scope scope;
    };
    const std::vector<Row> rows{
        {R"("orgId":"5f1a2b3c4d5e6f7a8b9c0d1e")", model::Scope::own_organization()},
        {R"("orgId":"5F1A2B3C4D5E6F7A8B9C0D1E")", model::Scope::own_organization()},
        {R"("orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","groupId":null)", model::Scope::own_organization()},
        {R"("groupId":"5f1a2b3c4d5e6f7a8b9c0d2f")",
         model::Scope::of_project(model::ProjectId::parse(test::kProject).value())},
        {R"("orgId":"5f1a2b3c4d5e6f7a8b9c0d1f")", model::Scope::unknown()},
        {R"("orgId":"nonsense")", model::Scope::unknown()},
        {R"("orgId":"")", model::Scope::unknown()},
        {R"("groupId":"nonsense")", model::Scope::unknown()},
        {R"("x":1)", model::Scope::unknown()},
        {R"("orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","groupId":"5f1a2b3c4d5e6f7a8b9c0d2f")",
         model::Scope::unknown()},
    };
    for (const Row& row : rows) {
      CAPTURE(row.owner);
      const auto record = parsed(with_roles(R"({"roleName":"ANY",)" + row.owner + "}"));
      CHECK(record.roles == std::vector<model::Role>{{"ANY", row.scope}});
    }
  }

  TEST_CASE("a private key is exposed exactly if none of it is redacted") {
    const auto exposed = [](std::string_view value) {
      return parsed(key_text(fmt::format(R"("privateKey":"{}","roles":[])", value)))
          .private_key_exposed;
    };
    CHECK(exposed("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"));
    CHECK(exposed("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"));
    CHECK_FALSE(exposed("********-****-****-0a1b2c3d4e5f"));
    CHECK_FALSE(exposed("********-****-****-****-0a1b2c3d4e5f"));
    CHECK_FALSE(exposed("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f"));
    CHECK_FALSE(exposed("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9a"));
    CHECK_FALSE(exposed("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg"));
    CHECK_FALSE(exposed(""));
  }

  TEST_CASE("broken answers are refused in these words") {
    struct Row {
      std::string text;
      std::string problem;
    };
    const std::string role_start = R"({"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":)";
    std::string members;
    for (int i = 0; i < 130; ++i) members += fmt::format(R"("m{}":0,)", i);
    const std::vector<Row> rows{
        {"", "is not valid JSON (at byte 1)"},
        {"   ", "is not valid JSON (at byte 4)"},
        {"null", "is no JSON object"},
        {"17", "is no JSON object"},
        {"\"text\"", "is no JSON object"},
        {"[]", "is no JSON object"},
        {"{}", "has no 'id'"},
        {R"({"roles":[]})", "has no 'id'"},
        {key_text(R"("desc":"x")"), "has no 'roles'"},
        {key_text(R"("roles":null)"), "has 'roles' that are no list"},
        {key_text(R"("roles":{})"), "has 'roles' that are no list"},
        {key_text(R"("roles":"ORG_MEMBER")"), "has 'roles' that are no list"},
        {with_roles(R"("ORG_MEMBER")"), "has a role that is no object"},
        {with_roles("null"), "has a role that is no object"},
        {with_roles("[]"), "has a role that is no object"},
        {with_roles("{}"), "has a role without a name"},
        {with_roles(role_start + "\"\"}"), "has a role without a name"},
        {with_roles(role_start + "null}"), "has a role without a name"},
        {with_roles(role_start + "7}"), "has a role field of the wrong type"},
        {with_roles(role_start + "[\"A\"]}"), "has a role field of the wrong type"},
        {with_roles(role_start + "\"" + std::string(257, 'A') + "\"}"),
         "has an overlong role name"},
        {with_roles(R"({"roleName":"A","groupId":12})"), "has a role field of the wrong type"},
        {with_roles(R"({"roleName":"A","orgId":{}})"), "has a role field of the wrong type"},
        {with_roles(role_start + R"("A","roleName":"B"})"), "uses a member name twice"},
        {R"({"id":17,"roles":[]})", "has a field of the wrong type"},
        {R"({"id":null,"roles":[]})", "has an 'id' that is not 24 hex digits"},
        {R"({"id":"abcdwxyz","roles":[]})", "has an 'id' that is not 24 hex digits"},
        {R"({"id":["64aa11bb22cc33dd44ee55f1"],"roles":[]})", "has a field of the wrong type"},
        {key_text(R"("desc":17,"roles":[])"), "has a field of the wrong type"},
        {key_text(R"("desc":{},"roles":[])"), "has a field of the wrong type"},
        {key_text(R"("publicKey":true,"roles":[])"), "has a field of the wrong type"},
        {key_text(R"("privateKey":1.5,"roles":[])"), "has a field of the wrong type"},
        {key_text(R"("roles":[],"id":"64aa11bb22cc33dd44ee55f1")"), "uses a member name twice"},
        {key_text(R"("roles":[],"roles":[])"), "uses a member name twice"},
        {key_text(R"("roles":[],"x":{"y":1,"y":2})"), "uses a member name twice"},
        {key_text(R"("roles":[],"x":1,"\u0078":2)"), "uses a member name twice"},
        {with_roles("").substr(0, 30), "is not valid JSON (at byte 31)"},
        {with_roles("") + "{}", "is not valid JSON (at byte 45)"},
        {with_roles("") + std::string(1, '\0'), "is not valid JSON (at byte 45)"},
        {key_text("\"desc\":\"\xc3\x28\",\"roles\":[]"), "is not valid JSON (at byte 43)"},
        {key_text("\"desc\":\"\xed\xa0\x80\",\"roles\":[]"), "is not valid JSON (at byte 43)"},
        {key_text(R"("desc":"\ud800","roles":[])"), "is not valid JSON (at byte 48)"},
        {key_text("\"desc\":\"a\nb\",\"roles\":[]"), "is not valid JSON (at byte 43)"},
        {key_text(R"("roles":[],"x":NaN)"), "is not valid JSON (at byte 49)"},
        {key_text(R"("roles":[],"x":)" + std::string(100, '[')), "is nested too deeply"},
        {std::string(100000, '['), "is no JSON object"},
        {key_text(R"("roles":[],"x":)" + std::string(62, '[') + std::string(62, ']')), ""},
        {key_text(R"("roles":[],"x":)" + std::string(64, '[') + std::string(64, ']')),
         "is nested too deeply"},
        {"{" + members + R"("id":"64aa11bb22cc33dd44ee55f1","roles":[]})",
         "has too many members in one object"},
        {"<!DOCTYPE html><html></html>", "is not valid JSON (at byte 1)"},
        {"PK\x03\x04 a zip file", "is not valid JSON (at byte 1)"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text.substr(0, 120));
      CHECK(problem(row.text) == row.problem);
    }
  }

  TEST_CASE("a problem never repeats what the answer holds") {
    const std::string secret = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    const std::string whole = key_text(R"("privateKey":")" + secret + R"(","roles":[],"x":[1]})");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string text = whole.substr(0, size);
      CHECK(problem(text).find("0a1b2c3d") == std::string::npos);
      CHECK(problem(text + "\x01").find("0a1b2c3d") == std::string::npos);
    }
  }

  TEST_CASE("any order and any repeats of roles give the same record") {
    CHECK(rc::check([] {
      const auto names =
          *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
              "ORG_OWNER", "ORG_MEMBER", "GROUP_OWNER", "GROUP_READ_ONLY", "NEW_ROLE"));
      std::vector<std::string> texts;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string owner = i % 3 == 0   ? R"("orgId":"5f1a2b3c4d5e6f7a8b9c0d1e")"
                                  : i % 3 == 1 ? R"("groupId":"5f1a2b3c4d5e6f7a8b9c0d2f")"
                                               : R"("groupId":"5f1a2b3c4d5e6f7a8b9c0d3a")";
        texts.push_back(fmt::format(R"({{"roleName":"{}",{}}})", names[i], owner));
      }
      auto shuffled = texts;
      if (!texts.empty()) shuffled.push_back(*rc::gen::elementOf(texts));
      std::rotate(shuffled.begin(),
                  shuffled.begin() + *rc::gen::inRange<std::ptrdiff_t>(
                                         0, static_cast<std::ptrdiff_t>(shuffled.size()) + 1),
                  shuffled.end());
      const auto one = parse_key(with_roles(fmt::format("{}", fmt::join(texts, ","))), kOwn);
      const auto other = parse_key(with_roles(fmt::format("{}", fmt::join(shuffled, ","))), kOwn);
      RC_ASSERT(one.has_value());
      RC_ASSERT(other.has_value());
      RC_ASSERT(*one == *other);
    }));
  }

  TEST_CASE("any mutilation of an answer is read or refused, never more") {
    const std::string whole = key_text(
        R"("desc":"é\u00e9","privateKey":"********-****-****-0a1b2c3d4e5f","roles":[{"orgId":)"
        R"("5f1a2b3c4d5e6f7a8b9c0d1e","roleName":"ORG_MEMBER"}],"links":[{"rel":"self"}])");
    CHECK(rc::check([&] {
      std::string text = whole;
      const auto changes = *rc::gen::inRange(1, 6);
      for (int i = 0; i < changes && !text.empty(); ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto what = *rc::gen::inRange(0, 3);
        if (what == 0) text[at] = *rc::gen::arbitrary<char>();
        if (what == 1) text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
        if (what == 2)
          text.insert(at, 1, *rc::gen::element('{', '}', '[', ']', '"', ',', ':', '\\'));
      }
      const auto record = parse_key(text, kOwn);
      if (record) {
        RC_ASSERT(std::is_sorted(record->roles.begin(), record->roles.end()));
      } else {
        RC_ASSERT(!record.error().empty());
      }
    }));
  }
}

}  // namespace
}  // namespace aka::atlas
