// The contract, and what is PostgreSQL's own: one owner by its lock, the fence, a connection that
// breaks or hangs, several shards in one database.
#include "store/postgres/postgres_store.h"

#include <chrono>
#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/contract.h"
#include "store/postgres/journal_reader.h"
#include "support/fake_clock.h"
#include "support/postgres_server.h"

namespace aka::store {
namespace {

using aka::testing::FakeClock;
using aka::testing::PostgresServer;
using testing::fault_in;
using testing::noted;

PostgresAddress address_of(const std::string& url) {
  return {url, [] { return base::Secret(); }};
}

std::vector<journal::Record> records_of(const PostgresAddress& address, int shard) {
  const auto reader = open_postgres_journal(address, shard);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  std::vector<journal::Record> all;
  const auto read = (*reader)->each(1, [&all](const journal::Record& record) {
    all.push_back(record);
    return true;
  });
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  return all;
}

/// The store of a shard that nobody has any more: its session may take a moment to end.
std::unique_ptr<Store> take_soon(PostgresClaim& claim) {
  auto taken = claim.take();
  for (int attempt = 0; !taken && attempt < 1000; ++attempt) taken = claim.take();
  REQUIRE_MESSAGE(taken.has_value(), taken.error().message);
  return *std::move(taken);
}

/// A database of its own on a server that several share.
class PostgresBackend final : public testing::Backend {
 public:
  PostgresBackend(PostgresServer& server, int number) : server_(server) {
    name_ = fmt::format("audit{}", number);
    server.sql(fmt::format("CREATE DATABASE {}", name_));
  }

  std::unique_ptr<Store> open(const base::Clock& clock) override {
    claim_.emplace(PostgresOptions{address(), 0, nullptr}, clock);
    return take_soon(*claim_);
  }

  std::vector<journal::Record> records() override { return records_of(address(), 0); }

 private:
  PostgresAddress address() const { return address_of(server_.url(name_)); }

  PostgresServer& server_;
  std::string name_;
  std::optional<PostgresClaim> claim_;
};

/// What a shard's process has, on a server whose clock is a test's.
struct Process {
  Process(PostgresServer& server, const base::Clock& clock, int shard = 0,
          std::function<bool(const Fact&)> is_common = nullptr)
      : claim({address_of(server.url()), shard, std::move(is_common)}, clock) {}

  Store& take() {
    store = take_soon(claim);
    return *store;
  }

  PostgresClaim claim;
  std::unique_ptr<Store> store;
};

base::Result<Head> commit(Store& store, const Transition& transition) {
  return store.commit(std::span(&transition, 1));
}

base::ErrorKind kind_of(const base::Result<Head>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind;
}

TEST_SUITE("PostgreSQL store") {
  TEST_CASE("it keeps the contract") {
    PostgresServer server;
    int databases = 0;
    testing::check_contract([&] { return std::make_unique<PostgresBackend>(server, ++databases); });
  }

  TEST_CASE("who waits is told who owns it, and gets it when that one ends") {
    PostgresServer server;
    const FakeClock clock;
    Process owner(server, clock);
    Process waiting(server, clock);
    owner.take();
    const auto head = commit(*owner.store, noted("x"));
    REQUIRE(head.has_value());
    for (int i = 0; i < 2; ++i) {
      const auto refused = waiting.claim.take();
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().kind == base::ErrorKind::busy);
      CHECK(refused.error().message.find("another process owns it") != std::string::npos);
      CHECK(refused.error().message.find(fmt::format("pid {}", ::getpid())) != std::string::npos);
    }
    owner.store.reset();
    CHECK(waiting.take().restore()->head == *head);
  }

  TEST_CASE("an owner whose session is gone cannot write once another has begun") {
    PostgresServer server;
    const FakeClock clock;
    Process first(server, clock);
    Process second(server, clock);
    first.take();
    REQUIRE(commit(*first.store, noted("first")).has_value());
    server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name "
        "LIKE 'atlas-key-auditor%'");
    second.take();
    const auto head = commit(*second.store, noted("second"));
    REQUIRE(head.has_value());
    // The connection broke, and then the shard turned out to be another's.
    auto refused = commit(*first.store, noted("third"));
    if (!refused && refused.error().kind == base::ErrorKind::io)
      refused = commit(*first.store, noted("third"));
    CHECK(kind_of(refused) == base::ErrorKind::busy);
    CHECK(kind_of(commit(*first.store, {})) == base::ErrorKind::busy);
    const auto again = first.claim.take_again();
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().kind == base::ErrorKind::busy);
    second.store.reset();
    // Nobody has it now, but somebody had.
    CHECK(first.claim.take_again().error().kind == base::ErrorKind::busy);
    CHECK(fault_in(records_of(address_of(server.url()), 0), *head) == "");
  }

  TEST_CASE("the fence holds even where the lock does not") {
    PostgresServer server;
    const FakeClock clock;
    Process owner(server, clock);
    owner.take();
    server.sql("UPDATE aka_shards SET epoch = epoch + 1");
    CHECK(kind_of(commit(*owner.store, noted("x"))) == base::ErrorKind::busy);
    CHECK(records_of(address_of(server.url()), 0).empty());
  }

  TEST_CASE("after a restart of the server the owner goes on, and nobody gets ahead of it") {
    PostgresServer server;
    FakeClock clock;
    Process owner(server, clock);
    Process waiting(server, clock);
    owner.take();
    REQUIRE_FALSE(waiting.claim.take().has_value());
    REQUIRE(commit(*owner.store, noted("before")).has_value());
    server.stop();
    CHECK(kind_of(commit(*owner.store, noted("during"))) == base::ErrorKind::io);
    CHECK(kind_of(commit(*owner.store, noted("during"))) == base::ErrorKind::io);
    CHECK(waiting.claim.take().error().kind == base::ErrorKind::io);
    server.start();
    CHECK(waiting.claim.take().error().kind == base::ErrorKind::busy);
    const auto head = commit(*owner.store, noted("during"));
    REQUIRE_MESSAGE(head.has_value(), head.error().message);
    CHECK(head->seq == 2);
    CHECK(fault_in(records_of(address_of(server.url()), 0), *head) == "");
    clock.advance(std::chrono::seconds(10));
    CHECK(waiting.claim.take().error().kind == base::ErrorKind::busy);
    owner.store.reset();
    waiting.take();
  }

  TEST_CASE("an owner that does not come back after an outage is replaced") {
    PostgresServer server;
    FakeClock clock;
    Process owner(server, clock);
    Process waiting(server, clock);
    owner.take();
    REQUIRE_FALSE(waiting.claim.take().has_value());
    server.stop();
    owner.store.reset();
    CHECK(waiting.claim.take().error().kind == base::ErrorKind::io);
    server.start();
    CHECK(waiting.claim.take().error().kind == base::ErrorKind::busy);
    clock.advance(std::chrono::seconds(6));
    waiting.take();
  }

  TEST_CASE("a server that hangs fails a commit in time, and the commit is in once") {
    PostgresServer server;
    const FakeClock clock;
    Process owner(server, clock);
    owner.take();
    REQUIRE(commit(*owner.store, noted("first")).has_value());
    server.hold();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(kind_of(commit(*owner.store, noted("second"))) == base::ErrorKind::io);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(8));
    server.go_on();
    std::optional<Head> head;
    for (int attempt = 0; !head && attempt < 100; ++attempt) {
      const auto done = commit(*owner.store, noted("second"));
      if (done) head = *done;
    }
    REQUIRE(head.has_value());
    CHECK(head->seq == 2);
    CHECK(fault_in(records_of(address_of(server.url()), 0), *head) == "");
  }

  TEST_CASE("a commit that breaks at its end is in once, whether it took effect or not") {
    PostgresServer server;
    const FakeClock clock;
    const PostgresAddress address = address_of(server.url());
    Process owner(server, clock);
    owner.take();
    REQUIRE(commit(*owner.store, noted("first")).has_value());
    const char* last_words = "";
    SUBCASE("it did not") { last_words = "PERFORM pg_terminate_backend(pg_backend_pid())"; }
    SUBCASE("it did, after the client had given up") {
      last_words =
          "PERFORM set_config('client_connection_check_interval', '0', false),"
          " set_config('lock_timeout', '0', false), pg_advisory_xact_lock(42)";
    }
    auto holder = Connection::open(address, "holder");
    REQUIRE(holder.has_value());
    REQUIRE(holder->execute("SELECT pg_advisory_lock(42)").has_value());
    server.sql(fmt::format(
        "CREATE FUNCTION last() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END "
        "$$;"
        "CREATE CONSTRAINT TRIGGER last AFTER INSERT ON aka_journal DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.seq = 2) EXECUTE FUNCTION last();",
        last_words));
    CHECK(kind_of(commit(*owner.store, noted("second"))) == base::ErrorKind::io);
    REQUIRE(holder->execute("SELECT pg_advisory_unlock(42)").has_value());
    REQUIRE(holder->execute("DROP TRIGGER last ON aka_journal").has_value());
    // What comes next may be committed together with what is tried again.
    const std::vector<Transition> rest{noted("second"), noted("third")};
    auto head = owner.store->commit(rest);
    for (int attempt = 0; !head && attempt < 1000; ++attempt) head = owner.store->commit(rest);
    REQUIRE_MESSAGE(head.has_value(), head.error().message);
    CHECK(head->seq == 3);
    CHECK(fault_in(records_of(address, 0), *head) == "");
  }

  TEST_CASE("shards share a database, each with a chain of its own") {
    PostgresServer server;
    const FakeClock clock;
    const auto is_common = [](const Fact& fact) { return fact.kind == FactKind::key; };
    Process zero(server, clock, 0, is_common);
    Process three(server, clock, 3, is_common);
    zero.take();
    three.take();
    Transition one = noted("zero");
    one.facts = {{FactKind::key, "k", "common"}, {FactKind::daemon, "sinks", "zero's"}};
    one.outbox = {{1, "soc", "{}", {}}};
    const auto first = commit(*zero.store, one);
    REQUIRE(first.has_value());
    const auto second = commit(*three.store, noted("three"));
    REQUIRE(second.has_value());
    const auto restored = three.store->restore();
    REQUIRE(restored.has_value());
    CHECK(restored->facts == std::vector<Fact>{{FactKind::key, "k", "common"}});
    CHECK(restored->outbox.empty());
    const PostgresAddress address = address_of(server.url());
    CHECK(postgres_shards(address).value() == std::vector<int>{0, 3});
    CHECK(fault_in(records_of(address, 0), *first) == "");
    CHECK(fault_in(records_of(address, 3), *second) == "");
    CHECK(open_postgres_journal(address, 1).error().kind == base::ErrorKind::not_found);
  }

  TEST_CASE("a journal that was changed by hand is not gone on with") {
    PostgresServer server;
    const FakeClock clock;
    Process owner(server, clock);
    owner.take();
    REQUIRE(commit(*owner.store, noted("x")).has_value());
    owner.store.reset();
    server.sql("DELETE FROM aka_journal");
    const auto refused = owner.claim.take();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == base::ErrorKind::invalid_input);
    CHECK(refused.error().message.find("the journal ends with record 0") != std::string::npos);
  }

  TEST_CASE("tables of a newer version are left alone") {
    PostgresServer server;
    const FakeClock clock;
    Process owner(server, clock);
    owner.take();
    owner.store.reset();
    server.sql("INSERT INTO aka_schema VALUES (99)");
    const auto refused = owner.claim.take();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == base::ErrorKind::invalid_input);
    CHECK(refused.error().message.find("schema 99") != std::string::npos);
  }

  TEST_CASE("a url that cannot be read or holds a password is refused without repeating it") {
    CHECK(check_postgres_url("postgresql://u@h/d?sslmode=verify-full").has_value());
    for (const char* url : {"postgresql://u:geheim@h/d", "postgresql://u@h/d?password=geheim",
                            "postgresql://u@h/d?sslpassword=geheim"}) {
      const auto checked = check_postgres_url(url);
      REQUIRE_FALSE(checked.has_value());
      CHECK(checked.error().message.find("password_file") != std::string::npos);
      CHECK(checked.error().message.find("geheim") == std::string::npos);
    }
    CHECK(
        check_postgres_url("postgresql://u@h:x/d?nonsense=geheim").error().message.find("geheim") ==
        std::string::npos);
  }
}

}  // namespace
}  // namespace aka::store
