// The order in which a receiver is told.
#include "alert/queue.h"

#include <string>

#include <doctest/doctest.h>

#include "alerts.h"

namespace aka::alert {
namespace {

using namespace std::chrono_literals;
using base::SteadyTime;

constexpr SteadyTime kNow{1h};

Queue queue_of(std::initializer_list<Notification> notifications) {
  Queue queue;
  for (const Notification& notification : notifications) queue.add(notification, kNow);
  return queue;
}

std::string ids(const std::vector<Notification>& batch) {
  std::string text;
  for (const Notification& notification : batch) text += std::to_string(notification.id) + " ";
  return text;
}

Notification firing(std::int64_t id, const std::string& key) { return test::firing(id, "s", key); }
Notification resolved(std::int64_t id, const std::string& key) {
  return test::resolved(id, "s", key);
}

/// Everything there is, batch by batch: "1 2 | 3 | ".
std::string drained(Queue queue, std::size_t most) {
  std::string text;
  for (auto batch = queue.batch(most, kNow); !batch.empty(); batch = queue.batch(most, kNow)) {
    text += ids(batch) + "| ";
    queue.take(batch);
  }
  return text;
}

TEST_SUITE("queue") {
  TEST_CASE("batches have one status, each alert once, and keep the order of each alert") {
    struct Row {
      const char* name;
      std::size_t most;
      std::initializer_list<Notification> notifications;
      const char* batches;
    };
    const Row rows[] = {
        {"alike", 10, {firing(1, "a"), firing(2, "b"), firing(3, "c")}, "1 2 3 | "},
        {"no more than allowed", 2, {firing(1, "a"), firing(2, "b"), firing(3, "c")}, "1 2 | 3 | "},
        {"firing before its resolve", 10, {firing(1, "a"), resolved(2, "a")}, "1 | 2 | "},
        {"a resolve before it fires anew", 10, {resolved(1, "a"), firing(2, "a")}, "1 | 2 | "},
        {"statuses apart, others may overtake",
         10,
         {firing(1, "a"), resolved(2, "b"), firing(3, "c"), resolved(4, "d")},
         "1 3 | 2 4 | "},
        {"flapping",
         10,
         {firing(1, "a"), resolved(2, "a"), firing(3, "a"), resolved(4, "a"), firing(5, "b")},
         "1 5 | 2 | 3 | 4 | "},
        {"nothing overtakes its own alert",
         10,
         {firing(1, "a"), resolved(2, "b"), firing(3, "b")},
         "1 | 2 | 3 | "},
    };
    for (const Row& row : rows) {
      CAPTURE(row.name);
      CHECK(drained(queue_of(row.notifications), row.most) == row.batches);
    }
  }

  TEST_CASE("one alert that is disliked is found and set aside, the others pass") {
    Queue queue;
    for (int id = 1; id <= 20; ++id) {
      queue.add(firing(id, "key" + std::to_string(id)), kNow);
    }
    queue.add(resolved(21, "key7"), kNow);
    std::string taken;
    int requests = 0;
    while (queue.next(kNow) == kNow) {
      const auto batch = queue.batch(20, kNow);
      ++requests;
      REQUIRE(requests < 50);
      const bool is_bad = ids(batch).find("7 ") == 0 || ids(batch).find(" 7 ") != std::string::npos;
      if (is_bad) {
        queue.dislike(batch, kNow + 5min);
      } else {
        taken += ids(batch);
        queue.take(batch);
      }
    }
    CHECK(taken == "1 2 3 4 5 6 8 9 10 11 12 13 14 15 16 17 18 19 20 ");
    CHECK(requests < 16);
    CHECK(queue.size() == 2);
    CHECK(queue.next(kNow) == kNow + 5min);
    CHECK(ids(queue.batch(20, kNow + 5min)) == "7 ");

    queue.release_all();
    CHECK(queue.next(kNow) == kNow);
    CHECK(ids(queue.batch(20, kNow)) == "7 ");
  }

  TEST_CASE("it says what waits, and since when") {
    Queue queue;
    CHECK_FALSE(queue.waiting_since().has_value());
    CHECK_FALSE(queue.next(kNow).has_value());
    queue.add(firing(1, "a"), kNow);
    queue.add(firing(2, "b"), kNow - 10min);
    CHECK(queue.waiting_since() == kNow - 10min);
    CHECK(queue.alerts().size() == 2);
    CHECK(queue.alerts().contains(firing(9, "b").alert));
    CHECK_FALSE(queue.alerts().contains(firing(9, "c").alert));
    CHECK(ids(queue.all()) == "1 2 ");
  }
}

}  // namespace
}  // namespace aka::alert
