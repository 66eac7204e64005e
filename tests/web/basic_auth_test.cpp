// Logins: how they are read from a header, what they cost, and what an attacker can make them cost.
#include "web/basic_auth.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/fake_clock.h"

namespace aka::web {
namespace {

using Verdict = BasicAuth::Verdict;
using std::chrono::seconds;

Login login(const std::string& user, const std::string& password) {
  return {user, base::Secret(password)};
}

/// Hashes by hand: the hash of a password is the password, and each computation is counted.
struct Fixture {
  testing::FakeClock clock;
  std::atomic<int> computed{0};
  BasicAuth auth{clock, [this](const base::Secret& password, const std::string& hash) {
                   ++computed;
                   return password.reveal() == hash;
                 }};
  Users users{{"alice", "secret-of-alice"}, {"bob", "secret-of-bob"}};

  Verdict judge(const std::string& user, const std::string& password,
                const std::string& host = "10.0.0.1") {
    return auth.judge(users, login(user, password), host);
  }
};

TEST_SUITE("basic auth") {
  TEST_CASE("a login is read from a whole header only") {
    struct Row {
      std::string header;
      std::optional<std::string> pair;
    };
    const Row rows[] = {
        {"Basic YWxpY2U6c2VjcmV0", "alice|secret"},
        {"basic YWxpY2U6c2VjcmV0", "alice|secret"},
        {"BASIC   YWxpY2U6c2VjcmV0", "alice|secret"},
        {"Basic YWxpY2U6", "alice|"},
        {"Basic OnNlY3JldA==", "|secret"},
        {"Basic YTpiOmM=", "a|b:c"},
        {"Basic Og==", "|"},
        {"", std::nullopt},
        {"Basic", std::nullopt},
        {"Basic ", std::nullopt},
        {"Basic    ", std::nullopt},
        {"Bearer YWxpY2U6c2VjcmV0", std::nullopt},
        {"Basic YWxpY2U=", std::nullopt},
        {"Basic YWxpY2U6c2VjcmV", std::nullopt},
        {"Basic YWxpY2U6c2Vj cmV0", std::nullopt},
        {"Basic YWxp=2U6c2VjcmV0", std::nullopt},
        {"Basic ====", std::nullopt},
        {"Basic YWxpY2U6c2VjcmV0, Basic YWxpY2U6c2VjcmV0", std::nullopt},
    };
    for (const Row& row : rows) {
      CAPTURE(row.header);
      const auto parsed = parse_login(row.header);
      CHECK(parsed.has_value() == row.pair.has_value());
      if (parsed && row.pair)
        CHECK(parsed->user + "|" + std::string(parsed->password.reveal()) == *row.pair);
    }
  }

  TEST_CASE("bcrypt hashes of other programs are understood") {
    // From the test vectors of John the Ripper's and of OpenBSD's bcrypt.
    CHECK(bcrypt_matches(base::Secret("U*U"),
                         "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(bcrypt_matches(base::Secret("U*U"),
                         "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK(bcrypt_matches(base::Secret("U*U"),
                         "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK_FALSE(bcrypt_matches(base::Secret("U*V"),
                               "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK_FALSE(bcrypt_matches(base::Secret(std::string("U*U\0x", 5)),
                               "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
    CHECK_FALSE(bcrypt_matches(base::Secret("*0"), "*0"));
    CHECK_FALSE(bcrypt_matches(base::Secret(std::string(600, 'x')),
                               "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  }

  TEST_CASE_FIXTURE(Fixture, "a login is computed once, whether right or wrong") {
    for (int i = 0; i < 3; ++i) {
      CHECK(judge("alice", "secret-of-alice") == Verdict::granted);
      CHECK(judge("alice", "secret-of-bob") == Verdict::refused);
      CHECK(judge("nobody", "secret-of-alice") == Verdict::refused);
    }
    CHECK(computed == 3);
  }

  TEST_CASE_FIXTURE(Fixture, "a changed hash is judged anew, and a user that is gone is refused") {
    CHECK(judge("alice", "secret-of-alice") == Verdict::granted);
    users["alice"] = "another secret";
    CHECK(judge("alice", "secret-of-alice") == Verdict::refused);
    CHECK(judge("alice", "another secret") == Verdict::granted);
    users.erase("alice");
    CHECK(judge("alice", "another secret") == Verdict::refused);
  }

  TEST_CASE_FIXTURE(Fixture, "no two logins are taken for each other") {
    users = {{"a", "b:secret"}, {"a:b", "secret"}};
    CHECK(judge("a", "b:secret") == Verdict::granted);
    CHECK(judge("a:b", "b:secret") == Verdict::refused);
    CHECK(judge("a:", "secret") == Verdict::refused);
  }

  TEST_CASE_FIXTURE(Fixture, "a host that keeps being wrong is put off, and no other is") {
    int refused = 0;
    for (int i = 0; i < 1000; ++i)
      refused += judge("alice", "guess " + std::to_string(i)) == Verdict::refused ? 1 : 0;
    CHECK(refused == 10);
    CHECK(judge("alice", "secret-of-alice") == Verdict::busy);
    CHECK(judge("alice", "secret-of-alice", "10.0.0.2") == Verdict::granted);
    // Known by now, so no computation stands in its way.
    CHECK(judge("alice", "secret-of-alice") == Verdict::granted);
    clock.advance(seconds(2));
    CHECK(judge("bob", "secret-of-bob") == Verdict::granted);
  }

  TEST_CASE("all hosts together get a share of the processor, whatever a hash costs") {
    testing::FakeClock clock;
    int computed = 0;
    BasicAuth auth(clock, [&](const base::Secret&, const std::string&) {
      ++computed;
      const std::clock_t end = std::clock() + CLOCKS_PER_SEC / 2;
      while (std::clock() < end) continue;
      return true;
    });
    const Users users{{"alice", "x"}};
    const auto attempt = [&](int i) {
      return auth.judge(users, login("alice", std::to_string(i)), "h" + std::to_string(i));
    };
    int i = 0;
    while (attempt(++i) != Verdict::busy) continue;
    CHECK(computed >= 4);
    CHECK(computed <= 6);
    CHECK(attempt(1) == Verdict::granted);
    clock.advance(seconds(5));
    CHECK(attempt(++i) == Verdict::granted);
  }

  TEST_CASE("few wait for a computation, the others are told to come back") {
    testing::FakeClock clock;
    std::mutex mutex;
    std::condition_variable changed;
    bool go = false;
    std::atomic<int> computing{0};
    BasicAuth auth(clock, [&](const base::Secret&, const std::string&) {
      ++computing;
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return go; });
      return true;
    });
    const Users users{{"alice", "x"}};
    std::vector<std::thread> threads;
    std::atomic<int> granted{0};
    std::atomic<int> busy{0};
    for (int i = 0; i < 20; ++i) {
      threads.emplace_back([&, i] {
        const auto verdict = auth.judge(users, login("alice", std::to_string(i)), "h");
        ++(verdict == Verdict::granted ? granted : busy);
      });
    }
    while (busy < 15) std::this_thread::yield();
    {
      const std::scoped_lock lock(mutex);
      go = true;
    }
    changed.notify_all();
    for (auto& thread : threads) thread.join();
    CHECK(granted + busy == 20);
    CHECK(granted >= 4);
    CHECK(granted <= 5);
  }

  TEST_CASE("an unknown user takes as long as a known one") {
    testing::FakeClock clock;
    std::vector<std::string> hashes;
    BasicAuth auth(clock, [&](const base::Secret& password, const std::string& hash) {
      hashes.push_back(hash);
      return bcrypt_matches(password, hash);
    });
    const Users users{{"a", "$2y$04$" + std::string(53, 'a')},
                      {"b", "$2y$06$" + std::string(53, 'a')}};
    const auto took = [&](const std::string& user) {
      const std::clock_t begin = std::clock();
      CHECK(auth.judge(users, login(user, "guess"), user) == Verdict::refused);
      return static_cast<double>(std::clock() - begin);
    };
    took("warm");
    const double known = took("b");
    const double unknown = took("nobody");
    CHECK(hashes.back().starts_with("$2b$06$"));
    CHECK(unknown > known / 3);
    CHECK(unknown < known * 3);
  }
}

}  // namespace
}  // namespace aka::web
