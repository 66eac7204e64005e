// A listener's protection while its files change under it.
#include "web/security.h"

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "support/fake_clock.h"
#include "support/scratch_directory.h"

namespace aka::web {
namespace {

using std::chrono::seconds;

// Of the password "U*U".
const std::string kHash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const std::string kRight = "Basic YWxpY2U6VSpV";
const std::string kWrong = "Basic YWxpY2U6VSpW";

std::shared_ptr<SSL_CTX> some_context() { return {SSL_CTX_new(TLS_server_method()), SSL_CTX_free}; }

/// `next` is what a load answers, and what is told is counted.
struct Fixture {
  testing::ScratchDirectory directory;
  testing::FakeClock clock;
  std::string path = directory.write("web.yml", "1").string();
  base::Result<Protection> next = Protection{path, {}, nullptr};
  int loaded = 0;
  int reloaded = 0;
  std::vector<std::string> rejected;

  std::unique_ptr<Security> start(Protection first) {
    first.path = path;
    return std::make_unique<Security>(
        std::move(first),
        Security::Sources{[this](const std::string& file) {
                            CHECK(file == path);
                            ++loaded;
                            return next;
                          },
                          [this] { ++reloaded; },
                          [this](const std::string& why) { rejected.push_back(why); }},
        clock);
  }

  void touch() { directory.write("web.yml", std::string(static_cast<std::size_t>(++size_), '1')); }

 private:
  int size_ = 1;
};

Request get(const std::string& path, const std::string& authorization = {}) {
  Request request;
  request.method = "GET";
  request.path = path;
  request.remote = "127.0.0.1:4000";
  if (!authorization.empty()) request.headers.emplace("authorization", authorization);
  return request;
}

Response page(const Request&) {
  Response response = plain(200, "page");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  return response;
}

std::string header(const Response& response, const std::string& name) {
  std::string all;
  for (const auto& [each, value] : response.headers) {
    if (each == name) all += (all.empty() ? "" : "|") + value;
  }
  return all;
}

TEST_SUITE("web security") {
  TEST_CASE_FIXTURE(Fixture, "a password opens the pages, but probes need none") {
    Protection first;
    first.settings.users = {{"alice", kHash}};
    const auto security = start(first);
    const Handler guarded = security->guard(page);
    CHECK(guarded(get("/metrics", kRight)).status == 200);
    for (const std::string& authorization : {std::string(), kWrong, std::string("Basic x")}) {
      const Response refused = guarded(get("/metrics", authorization));
      CHECK(refused.status == 401);
      CHECK(header(refused, "WWW-Authenticate") == "Basic realm=\"atlas-key-auditor\"");
      CHECK(refused.body == "Unauthorized\n");
    }
    CHECK(guarded(get("/-/healthy")).status == 200);
    CHECK(guarded(get("/-/ready")).status == 200);
    CHECK(guarded(get("/-/reload")).status == 401);
    CHECK(guarded(get("/-/healthy/")).status == 401);
  }

  TEST_CASE_FIXTURE(Fixture, "who guesses on is told to wait, with the right password too") {
    Protection first;
    first.settings.users = {{"alice", kHash}};
    const auto security = start(first);
    const Handler guarded = security->guard(page);
    int refused = 0;
    Response last;
    for (int i = 0; i < 26; ++i) {
      // "a", ":" and another letter each.
      last = guarded(get("/metrics", "Basic YTp" + std::string(1, static_cast<char>('A' + i)) +
                                         "Y"
                                         "WE="));
      refused += last.status == 401 ? 1 : 0;
    }
    CHECK(refused == 10);
    CHECK(last.status == 429);
    CHECK(header(last, "Retry-After") == "1");
    CHECK(guarded(get("/metrics", kRight)).status == 429);
    clock.advance(seconds(2));
    CHECK(guarded(get("/metrics", kRight)).status == 200);
  }

  TEST_CASE_FIXTURE(Fixture, "configured headers replace the page's own, on refusals too") {
    Protection first;
    first.settings.users = {{"alice", kHash}};
    first.settings.headers = {{"X-Frame-Options", "sameorigin"},
                              {"Strict-Transport-Security", "max-age=1"}};
    const auto security = start(first);
    const Handler guarded = security->guard(page);
    for (const std::string& authorization : {kRight, kWrong}) {
      const Response response = guarded(get("/metrics", authorization));
      CHECK(header(response, "X-Frame-Options") == "sameorigin");
      CHECK(header(response, "Strict-Transport-Security") == "max-age=1");
    }
  }

  TEST_CASE_FIXTURE(Fixture, "a rate limit counts every request but those of probes") {
    Protection first;
    first.settings.rate_limit = RateLimit{seconds(10), 2};
    const auto security = start(first);
    const Handler guarded = security->guard(page);
    for (int i = 0; i < 2; ++i) CHECK(guarded(get("/metrics")).status == 200);
    CHECK(guarded(get("/metrics")).status == 429);
    CHECK(guarded(get("/-/healthy")).status == 200);
    clock.advance(seconds(10));
    CHECK(guarded(get("/metrics")).status == 200);
    CHECK(guarded(get("/metrics")).status == 429);
  }

  TEST_CASE_FIXTURE(Fixture, "files are read again only when one of them changed") {
    Protection first;
    first.tls = some_context();
    first.settings.tls = TlsSettings{};
    first.settings.tls->certificate.path = directory.write("server.crt", "1").string();
    const auto security = start(first);
    CHECK(security->encrypts());
    for (int i = 0; i < 3; ++i) CHECK(security->context() == first.tls);
    CHECK(loaded == 0);
    const auto second = some_context();
    next->tls = second;
    next->settings.tls = first.settings.tls;
    directory.write("server.crt", "22");
    for (int i = 0; i < 3; ++i) CHECK(security->context() == second);
    CHECK(loaded == 1);
    CHECK(reloaded == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "a file that is swapped for another of the same size is seen") {
    const auto security = start({});
    const Handler guarded = security->guard(page);
    guarded(get("/"));
    CHECK(loaded == 0);
    std::filesystem::rename(directory.write("next.yml", "2"), path);
    guarded(get("/"));
    CHECK(loaded == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "what is wrong leaves the last good one in force, and is told once") {
    Protection first;
    first.tls = some_context();
    const auto security = start(first);
    next = base::fail(base::ErrorKind::invalid_input, "the key does not fit");
    touch();
    for (int i = 0; i < 3; ++i) CHECK(security->context() == first.tls);
    CHECK(loaded == 1);
    // It is tried again, now and then, without a word.
    for (int i = 0; i < 3; ++i) {
      clock.advance(seconds(1));
      CHECK(security->context() == first.tls);
    }
    CHECK(loaded == 4);
    CHECK(rejected == std::vector<std::string>{"the key does not fit"});
    const auto second = some_context();
    next = Protection{path, {}, second};
    clock.advance(seconds(1));
    CHECK(security->context() == second);
    CHECK(reloaded == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "plain and TLS never change places") {
    const auto plain_one = start({});
    CHECK_FALSE(plain_one->encrypts());
    next->tls = some_context();
    touch();
    CHECK(plain_one->context() == nullptr);
    CHECK(rejected ==
          std::vector<std::string>{"whether TLS is spoken changes with the next start only"});
    CHECK_FALSE(plain_one->adopt({path, {}, some_context()}));
    CHECK_FALSE(plain_one->adopt({"/another.yml", {}, nullptr}));
    CHECK(plain_one->adopt({path, {}, nullptr}));
  }

  TEST_CASE("without a file nothing is asked") {
    testing::FakeClock clock;
    Security security({}, {}, clock);
    CHECK(security.guard(page)(get("/metrics")).status == 200);
  }
}

}  // namespace
}  // namespace aka::web
