#include "simulator/generator.h"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "simulator/fixture.h"

using namespace aka::simulator;

TEST_SUITE("simulator generator") {
  TEST_CASE("keys are spread evenly, each organization gets one more that can log in") {
    const auto organizations = generate({.keys = 8, .organizations = 3});
    REQUIRE(organizations.size() == 3);
    std::vector<std::size_t> sizes;
    for (const auto& organization : organizations) {
      sizes.push_back(organization.keys.size());
      const Key& watcher = organization.keys.back();
      CHECK_FALSE(watcher.private_key.empty());
      CHECK(watcher.roles->size() == 1);
      CHECK(organization.accounts.size() == 1);
    }
    CHECK(sizes == std::vector<std::size_t>{4, 4, 3});
  }

  TEST_CASE("nothing is used twice") {
    std::set<std::string> organizations, keys, public_keys, secrets;
    const auto made = generate({.keys = 20'000, .organizations = 50});
    for (const auto& organization : made) {
      organizations.insert(organization.id.to_string());
      for (const auto& account : organization.accounts) {
        secrets.insert(std::string(account.client_secret.reveal()));
      }
      for (const auto& key : organization.keys) {
        keys.insert(key.id.to_string());
        public_keys.insert(key.public_key);
        if (!key.private_key.empty()) secrets.insert(std::string(key.private_key.reveal()));
        CHECK(key.public_key.size() == 8);
      }
    }
    CHECK(organizations.size() == 50);
    CHECK(keys.size() == 20'050);
    CHECK(public_keys.size() == 20'050);
    CHECK(secrets.size() == 100);
  }

  TEST_CASE("the same options make the same, and more keys leave the first ones alone") {
    const auto once = write_fixture(generate({.keys = 100, .organizations = 1}));
    CHECK(once == write_fixture(generate({.keys = 100, .organizations = 1})));
    const auto more = generate({.keys = 200, .organizations = 1});
    const auto fewer = generate({.keys = 100, .organizations = 1});
    for (std::size_t i = 0; i < 100; ++i) CHECK(more[0].keys[i].id == fewer[0].keys[i].id);
    CHECK(more[0].keys.back().private_key == fewer[0].keys.back().private_key);
  }
}
