#include "simulator/fixture.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <doctest/doctest.h>

#include "simulator/files.h"
#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;

namespace {

/// A fixture with one organization whose other members are `members`.
std::string with(const std::string& members) {
  return R"({"organizations":[{"id":"5f1a2b3c4d5e6f7a8b9c0d1e",)" + members + "}]}";
}

std::string with_key(const std::string& members) {
  return with(R"("keys":[{"id":"64aa11bb22cc33dd44ee55f1",)" + members + "}]");
}

/// A directory of its own that goes away with its tests.
struct Directory {
  std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "aka-simulator-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return std::filesystem::path(name);
  }();
  ~Directory() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_SUITE("simulator fixture") {
  TEST_CASE("everything that a fixture says is there") {
    const Fixture read = fixture();
    REQUIRE(read.organizations.size() == 3);
    const Organization& prod = read.organizations[0];
    CHECK(prod.name == "prod");
    CHECK(prod.rate_limit == RateLimit{100, 60});
    CHECK(prod.platform == Platform::atlas);
    CHECK(read.organizations[2].platform == Platform::cloud_manager);
    REQUIRE(prod.keys.size() == 6);
    const Key& key = prod.keys[0];
    CHECK(key.description == "ci \"deployer\"");
    CHECK(key.public_key == "abcdwxyz");
    CHECK(key.private_key.empty());
    CHECK(key.redacted_tail == "33dd44ee55f1");
    CHECK(*key.roles == std::vector<Role>{{"ORG_MEMBER", kOrg, ""},
                                          {"GROUP_OWNER", "", kProject},
                                          {"GROUP_BRAND_NEW", "", kProject}});
    CHECK_FALSE(prod.keys[1].roles);
    REQUIRE(prod.accounts.size() == 1);
    CHECK(prod.accounts[0].client_secret.reveal() == "mdb_sa_sk_secret");
  }

  TEST_CASE("a role may be the object that goes over the wire, however odd") {
    const auto read = parse_fixture(
        with_key(R"("roles":[{"orgId":"x","groupId":"y","roleName":"R"},{"roleName":"S"},{}])"),
        "f", no_files);
    REQUIRE(read);
    CHECK(*read->organizations[0].keys[0].roles ==
          std::vector<Role>{{"R", "x", "y"}, {"S", "", ""}, {"", "", ""}});
  }

  TEST_CASE("each mistake is told with its place") {
    struct Row {
      std::string text, error;
    };
    const std::string head = "f.json#/organizations/0";
    const std::vector<Row> rows{
        {"{}", "f.json#: the fixture needs 'organizations'"},
        {"[]", "f.json#: the fixture must be a mapping of settings, not a list"},
        {R"({"organizations":[],"fault":[]})",
         "f.json#: the fixture has no setting 'fault'; did you mean 'faults'?"},
        {R"({"organizations":[{}]})", head + ": the organization needs 'id': 24 hex digits"},
        {R"({"organizations":[{"id":"abc"}]})",
         head + ": the id of the organization must be 24 hex digits, not 'abc'"},
        {with(R"("platform":"azure")"),
         head + ": 'platform' of the organization must be one of atlas, cloudManager; 'azure' is "
                "none of them"},
        {with(R"("rateLimit":{"burst":0})"),
         head + "/rateLimit: 'burst' of the rate limit must be a whole number from 1 to "
                "1000000000, not '0'"},
        {with(R"("projects":[{"id":"5f1a2b3c4d5e6f7a8b9c0d2f"}])"),
         head + "/projects/0: the project needs 'name'"},
        {with(R"("keys":[{"desc":"x"}])"), head + "/keys/0: the key needs 'id': 24 hex digits"},
        {with_key(R"("desc":[])"),
         head + "/keys/0/desc: 'desc' of the key must be a single value, not a list"},
        {with_key(R"("roles":["GROUP_OWNER@nowhere"])"),
         head + "/keys/0/roles: the role 'GROUP_OWNER@nowhere' is on a project that is neither 24 "
                "hex digits nor the name of one of the organization's projects"},
        {with_key(R"("roles":[{"rolename":"X"}])"),
         head + "/keys/0/roles/0: the role has no setting 'rolename'; did you mean 'roleName'?"},
        {with_key(R"("accessList":[{"ipAddress":"1.2.3"}])"),
         head + "/keys/0/accessList/0: the access list entry needs an 'ipAddress' or a "
                "'cidrBlock' like 10.0.0.0/8"},
        {with_key(R"("privateKeyFile":"x.key")"), head + "/keys/0: there is no file x.key"},
        {with_key(R"("privateKeyFile":"x","privateKey":"y")"),
         head + "/keys/0: the key has both 'privateKey' and 'privateKeyFile'; leave one\n" + head +
             "/keys/0: there is no file x"},
        {with(R"("keys":[{"id":"64aa11bb22cc33dd44ee55f1"},{"id":"64aa11bb22cc33dd44ee55f1",)"
              R"("publicKey":"x"}])"),
         head + "/keys/1: the key id 64aa11bb22cc33dd44ee55f1 is used twice"},
        {with(R"("keys":[{"id":"64aa11bb22cc33dd44ee55f1","publicKey":"x"},)"
              R"({"id":"64aa11bb22cc33dd44ee55f2","publicKey":"x"}])"),
         head + "/keys/1: 'x' is used twice"},
        {with(R"("serviceAccounts":[{"clientSecret":"x"}])"),
         head + "/serviceAccounts/0: the service account needs 'clientId'"},
        {with(R"("serviceAccounts":[{"clientId":"x"}])"),
         head + "/serviceAccounts/0: the service account needs 'clientSecret': or "
                "'clientSecretFile'"},
        {R"({"organizations":[],"faults":[{"effect":"answer"}]})",
         "f.json#/faults/0: the fault needs 'status': a number, or a 'code' that the simulator "
         "knows the status of"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      const auto read = parse_fixture(row.text, "f.json", no_files);
      REQUIRE_FALSE(read);
      CHECK(read.error().message == row.error);
    }
  }

  TEST_CASE("all mistakes are told at once") {
    const auto read = parse_fixture(with_key(R"("descr":"x","roles":{})"), "f", no_files);
    REQUIRE_FALSE(read);
    CHECK(std::ranges::count(read.error().message, '\n') == 1);
  }

  TEST_CASE("what is written is read back") {
    const auto organizations = fixture().organizations;
    const std::string text = write_fixture(organizations);
    const auto again = parse_fixture(text, "f", no_files);
    REQUIRE(again);
    CHECK(write_fixture(again->organizations) == text);
    CHECK(again->organizations[0].keys[0].access_list.size() == 2);
    CHECK(again->organizations[0].projects == organizations[0].projects);
    CHECK(organizations[0].projects.size() == 1);
    CHECK(*again->organizations[0].keys[0].roles == *organizations[0].keys[0].roles);
  }

  TEST_CASE("a secret's file is made once, for its owner only, and used ever after") {
    const Directory directory;
    const std::string path = (directory.path / "fixture.json").string();
    REQUIRE(write_file(path, with_key(R"("privateKeyFile":"it.key")"), 0644));
    const auto first = load_fixture(path);
    REQUIRE(first);
    const auto& key = first->organizations[0].keys[0];
    CHECK(key.private_key.reveal().size() == 36);
    CHECK(key.redacted_tail == key.private_key.reveal().substr(24));
    struct stat status {};
    REQUIRE(stat((directory.path / "it.key").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const auto second = load_fixture(path);
    REQUIRE(second);
    CHECK(second->organizations[0].keys[0].private_key == key.private_key);
    REQUIRE(write_file((directory.path / "it.key").string(), "\n", 0600));
    const auto third = load_fixture(path);
    REQUIRE_FALSE(third);
    CHECK(third.error().message.ends_with("it.key is empty; remove it to get a new one"));
  }

  TEST_CASE("a fixture that is not there is named") {
    const auto read = load_fixture("/dev/null/f.json");
    REQUIRE_FALSE(read);
    CHECK(read.error().message == "cannot read /dev/null/f.json: Not a directory");
  }

  TEST_CASE("the quickstart's fixture is good") {
    const auto text = read_file(AKA_SOURCE_DIR "/deploy/quickstart/fixture.json");
    REQUIRE(text);
    const auto read = parse_fixture(*text, "fixture.json",
                                    [](const std::string&) { return aka::base::Secret("s"); });
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK(read->organizations.size() == 1);
    CHECK(read->faults.size() == 1);
  }

  TEST_CASE("addresses are admitted by entry, block and family") {
    struct Row {
      std::string block, address;
      bool admitted;
    };
    const std::vector<Row> rows{
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.4", false},
        {"192.168.4.0/22", "192.168.7.9", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"10.0.0.0/8", "no address", false},
    };
    for (const Row& row : rows) {
      CAPTURE(row.block);
      CAPTURE(row.address);
      AccessEntry entry;
      entry.cidr_block = row.block;
      CHECK(admits({entry}, row.address) == row.admitted);
    }
    CHECK(admits({}, "8.8.8.8"));
    for (const auto* const text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129"}) {
      CAPTURE(text);
      CHECK_FALSE(is_network(text));
    }
  }
}
