// The service behind the real listener, read by curl.
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/curl.h"
#include "simulator/service.h"
#include "simulator/small_world.h"
#include "web/listener.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string kOne = "/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys/" + kKey;

struct Server {
  StillClock clock;
  Service service{fixture(), {}, clock};
  std::unique_ptr<aka::web::Listener> listener = [this] {
    aka::web::ListenerOptions options;
    options.address = {"127.0.0.1", 0};
    options.mute = [this] { return service.holds_next_connection(); };
    return aka::web::Listener::start(
               options,
               [this](const aka::web::Request& request) { return service.answer(request); })
        .value();
  }();
  std::string url = "http://" + listener->address();

  Server() {
    service.watch_idle_close([this](std::optional<aka::base::Duration> after) {
      listener->set_idle_timeout(after.value_or(60s));
    });
  }
  ~Server() { service.stop(); }

  void set(const std::string& fault) {
    REQUIRE(curl({"-f", "-d", fault, url + "/sim/faults"}).status == 0);
  }
  Outcome digest(std::vector<std::string> words) {
    words.insert(words.begin(), {"--digest", "-u", "readerpk:reader-secret"});
    return curl(std::move(words));
  }
  json stats() { return json::parse(curl({url + "/sim/stats"}).out)["data"]; }
};

/// The challenge in the headers of an answer.
std::string challenge_of(const std::string& headers) {
  const auto start = headers.find("Digest ");
  REQUIRE(start != std::string::npos);
  return headers.substr(start, headers.find('\r', start) - start);
}

}  // namespace

TEST_SUITE("simulated service on the wire") {
  TEST_CASE_FIXTURE(Server, "curl reads a key with digest authentication") {
    const auto read = digest({url + kOne});
    CHECK(read.status == 0);
    CHECK(json::parse(read.out)["id"] == kKey);
    CHECK(stats()["byStatus"] == json::parse(R"({"200":1,"401":1})"));
  }

  TEST_CASE_FIXTURE(Server, "curl with a wrong secret gets the 401 twice and gives up") {
    const auto read = curl(
        {"--digest", "-u", "readerpk:wrong", "-w", "%{http_code}", "-o", "/dev/null", url + kOne});
    CHECK(read.out == "401");
    CHECK(stats()["byStatus"] == json::parse(R"({"401":2})"));
  }

  TEST_CASE_FIXTURE(Server, "an old nonce is stale, and the next one is good") {
    const std::string offered = challenge_of(curl({"-D", "-", "-o", "/dev/null", url + kOne}).out);
    const auto answer_to = [](const std::string& challenge) {
      return "Authorization: " +
             authorization(challenge, request("GET", kOne), "readerpk", "reader-secret");
    };
    clock.advance(60s);
    const auto stale = curl({"-D", "-", "-o", "/dev/null", "-H", answer_to(offered), url + kOne});
    CHECK(stale.out.starts_with("HTTP/1.1 401 "));
    const std::string fresh = challenge_of(stale.out);
    CHECK(fresh.ends_with("stale=true"));
    const auto read = curl({"-H", answer_to(fresh), url + kOne});
    CHECK(json::parse(read.out)["id"] == kKey);
  }

  TEST_CASE_FIXTURE(Server, "the path is signed with its query") {
    const auto read = digest({url + "/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys?itemsPerPage=1"});
    CHECK(json::parse(read.out)["results"].size() == 1);
  }

  TEST_CASE_FIXTURE(Server, "faults are what curl takes them for") {
    struct Row {
      std::string fault;
      std::set<int> exit_status;
    };
    const std::vector<Row> rows{
        {R"({"effect":"reset"})", {56}},      // failure in receiving
        {R"({"effect":"truncate"})", {18}},   // partial file
        {R"({"effect":"garbage"})", {1, 8}},  // unsupported protocol; since 8.12 weird reply
        {R"({"effect":"slowBody","pause":"1ms"})", {0}},
        {R"({"effect":"slowHeaders","pause":"1ms"})", {0}},
        {R"({"effect":"hugeBody","bytes":5000000})", {0}},
    };
    for (const Row& row : rows) {
      CAPTURE(row.fault);
      REQUIRE(curl({"-X", "DELETE", url + "/sim/faults"}).status == 0);
      set(row.fault);
      CHECK(row.exit_status.contains(digest({"-o", "/dev/null", url + kOne}).status));
    }
  }

  TEST_CASE_FIXTURE(Server, "slow bytes are slow, and a stop does not wait for them") {
    set(R"({"effect":"slowBody","pause":"1h"})");
    CHECK(digest({"--max-time", "0.3", "-o", "/dev/null", url + kOne}).status == 28);  // timed out
  }

  TEST_CASE_FIXTURE(Server, "a mute connection says nothing") {
    set(R"({"effect":"muteHandshake","count":1})");
    CHECK(curl({"--max-time", "0.3", url + kOne}).status == 28);
    CHECK(digest({"-o", "/dev/null", url + kOne}).status == 0);
  }

  TEST_CASE_FIXTURE(Server, "headers without end are more than curl takes") {
    set(R"({"effect":"manyHeaders","bytes":50000000})");
    CHECK(digest({"-o", "/dev/null", url + kOne}).status != 0);
  }
}
