// What a listener survives: slow, huge, many and vanished clients.
#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <future>
#include <sys/resource.h>
#include <vector>

#include "web/listening.h"

using namespace aka::web;
using aka::tests::TcpClient;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

long resident_kilobytes() {
  std::ifstream status("/proc/self/statm");
  long total = 0;
  long resident = 0;
  status >> total >> resident;
  return resident * 4;
}

milliseconds time_of(const std::function<void()>& action) {
  const auto before = steady_clock::now();
  action();
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - before);
}

/// Writes until it is told to stop.
Response endless(std::function<void(const Sink&)> generate) {
  Response response;
  response.length = std::uint64_t{1} << 40;
  response.generate = std::move(generate);
  return response;
}

void write_all_you_can(const Sink& sink) {
  const std::string block(64 * 1024, 'a');
  while (sink(block)) continue;
}

std::vector<TcpClient> clients_of(int port, std::size_t count) {
  std::vector<TcpClient> clients;
  for (std::size_t n = 0; n < count; ++n) clients.push_back(TcpClient::to(port));
  return clients;
}

}  // namespace

TEST_SUITE("web limits") {
  TEST_CASE("amid 200 slow and silent clients a request is answered within a second") {
    const auto listener = listen_with(hello);
    auto clients = clients_of(listener->port(), 200);
    for (std::size_t n = 0; n < clients.size(); n += 2) clients[n].send("GET / HT");
    CHECK(time_of([&] { CHECK(answers(listener->port())); }) < seconds(1));
    for (std::size_t n = 0; n < clients.size(); n += 2) clients[n].send("T");
    CHECK(time_of([&] { CHECK(answers(listener->port())); }) < seconds(1));
    for (std::size_t n = 0; n < clients.size(); n += 2) clients[n].send("P/1.1\r\n\r\n");
    for (std::size_t n = 0; n < clients.size(); n += 2) {
      CHECK(clients[n].read_answer().ends_with("hello\n"));
    }
  }

  TEST_CASE("headers that come too slowly are refused, however steadily they come") {
    ListenerOptions options;
    options.header_deadline = milliseconds(200);
    const auto listener = listen_with(hello, options);
    auto client = TcpClient::to(listener->port());
    client.send("GET / HTTP/1.1\r\nX: ");
    int dribbled = 0;
    const auto taken = time_of([&] {
      while (!client.readable_within(milliseconds(20)) && dribbled < 500 && client.send("x"))
        ++dribbled;
    });
    CHECK(client.read_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    CHECK(dribbled >= 2);
    CHECK(taken < seconds(5));
  }

  TEST_CASE("a client that never says anything is let go without a word") {
    ListenerOptions options;
    options.header_deadline = milliseconds(100);
    const auto listener = listen_with(hello, options);
    auto client = TcpClient::to(listener->port());
    CHECK(client.read_all().empty());
    CHECK(client.ended() == TcpClient::End::closed);
  }

  TEST_CASE("an idle connection is closed after the idle time, which may change") {
    const auto listener = listen_with(hello);
    listener->set_idle_timeout(milliseconds(100));
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    CHECK(client.read_all().ends_with("hello\n"));
    CHECK(client.ended() == TcpClient::End::closed);
  }

  TEST_CASE("a body that stops half way is refused at its deadline") {
    ListenerOptions options;
    options.body_deadline = milliseconds(100);
    const auto listener = listen_with(hello, options);
    auto client = TcpClient::to(listener->port());
    client.send("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf");
    CHECK(client.read_all().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  }

  TEST_CASE("fifty megabytes of headers are refused and leave memory flat") {
    const auto listener = listen_with(hello);
    REQUIRE(answers(listener->port()));
    const auto before = resident_kilobytes();
    for (const bool one_line : {true, false}) {
      auto client = TcpClient::to(listener->port());
      client.send("GET / HTTP/1.1\r\n");
      std::string block = "X: ";
      while (block.size() < 100'000) block += one_line ? "x" : "y\r\nX-Name: ";
      bool open = true;
      for (int n = 0; n < 500 && open; ++n) open = client.send(block);
      const auto answer = client.read_all();
      CHECK_FALSE(open);
      if (!answer.empty()) {
        CHECK(answer.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
      }
    }
    CHECK(resident_kilobytes() - before < 8 * 1024);
    CHECK(answers(listener->port()));
  }

  TEST_CASE("headers up to the budget are taken, one byte more is a 431") {
    ListenerOptions options;
    options.header_budget = 1000;
    const auto listener = listen_with(hello, options);
    const std::string line = "GET / HTTP/1.1\r\nX: ";
    for (const std::size_t size : {1000U, 1001U}) {
      auto client = TcpClient::to(listener->port());
      client.send(line + std::string(size - line.size() - 4, 'x') + "\r\n\r\n");
      const auto answer = client.read_answer();
      CHECK(answer.starts_with(size == 1000 ? "HTTP/1.1 200 OK\r\n"
                                            : "HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    }
  }

  TEST_CASE("a target that httplib finds too long is refused") {
    const auto listener = listen_with(hello);
    auto client = TcpClient::to(listener->port());
    client.send("GET /" + std::string(10'000, 'x') + " HTTP/1.1\r\n\r\n");
    const auto answer = client.read_all();
    CHECK(answer.starts_with("HTTP/1.1 414 "));
    CHECK(client.ended() == TcpClient::End::closed);
    CHECK(answer.ends_with("\n"));
  }

  TEST_CASE("a body up to the budget is taken, one byte more is a 413") {
    ListenerOptions options;
    options.body_budget = 100'000;
    const auto listener = listen_with(
        [](const Request& request) { return plain(200, std::to_string(request.body.size())); },
        options);
    auto client = TcpClient::to(listener->port());
    client.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'b'));
    CHECK(body_of(client.read_answer()) == "100000\n");
    client.send("POST / HTTP/1.1\r\nContent-Length: 100001\r\n\r\n" + std::string(100'001, 'b'));
    const auto answer = client.read_all();
    CHECK(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
    CHECK(body_of(answer) == "the request's body is too large\n");
  }

  TEST_CASE("a client that expects leave to send too much is told no") {
    const auto listener = listen_with(hello);
    auto client = TcpClient::to(listener->port());
    client.send("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n");
    CHECK(client.read_all().starts_with("HTTP/1.1 413 "));
  }

  TEST_CASE("a chunked body is refused") {
    const auto listener = listen_with(hello);
    auto client = TcpClient::to(listener->port());
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
    CHECK(client.read_all().starts_with("HTTP/1.1 411 Length Required\r\n"));
  }

  TEST_CASE("a client that stops reading is cut at the deadline of the answer") {
    ListenerOptions options;
    options.answer_deadline = milliseconds(200);
    std::promise<void> given_up;
    const auto listener = listen_with(
        [&](const Request&) {
          return endless([&](const Sink& sink) {
            write_all_you_can(sink);
            given_up.set_value();
          });
        },
        options);
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    CHECK(given_up.get_future().wait_for(seconds(10)) == std::future_status::ready);
    client.read_all();
    CHECK(client.ended() == TcpClient::End::reset);
  }

  TEST_CASE("an answer is cut at its deadline even if the client reads on") {
    ListenerOptions options;
    options.answer_deadline = milliseconds(100);
    const auto listener = listen_with(
        [&](const Request&) {
          return endless([](const Sink& sink) {
            while (sink("a")) continue;
          });
        },
        options);
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    CHECK(client.read_all().size() > 100);
    CHECK(client.ended() == TcpClient::End::reset);
  }

  TEST_CASE("at the cap the connection that waits longest makes room for a newcomer") {
    ListenerOptions options;
    options.max_connections = 4;
    const auto listener = listen_with(hello, options);
    auto clients = clients_of(listener->port(), 4);
    CHECK(answers(listener->port()));
    CHECK(clients[0].read_all().empty());
    CHECK(clients[0].ended() == TcpClient::End::closed);
    for (const std::size_t n : {1U, 2U, 3U}) {
      clients[n].send(kGet);
      CHECK(clients[n].read_answer().ends_with("hello\n"));
    }
  }

  TEST_CASE("far more slow clients than the cap never keep a request out") {
    ListenerOptions options;
    options.max_connections = 16;
    const auto listener = listen_with(hello, options);
    std::vector<TcpClient> clients;
    for (int n = 0; n < 100; ++n) {
      clients.push_back(TcpClient::to(listener->port()));
      clients.back().send("GET /");
      if (n % 10 == 9) CHECK(time_of([&] { CHECK(answers(listener->port())); }) < seconds(1));
    }
  }

  TEST_CASE("when every connection is being served a newcomer gets a 503") {
    ListenerOptions options;
    options.max_connections = 2;
    std::promise<void> release;
    auto released = release.get_future().share();
    std::array<std::promise<void>, 2> entered;
    std::atomic<std::size_t> count{0};
    const auto listener = listen_with(
        [&](const Request& request) {
          if (request.path == "/block") {
            entered[count++].set_value();
            released.wait();
          }
          return plain(200, "hello");
        },
        options);
    auto clients = clients_of(listener->port(), 2);
    for (auto& client : clients) client.send("GET /block HTTP/1.1\r\n\r\n");
    for (auto& each : entered) each.get_future().wait();
    auto newcomer = TcpClient::to(listener->port());
    const auto answer = newcomer.read_all();
    CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(body_of(answer) == "too many connections\n");
    release.set_value();
    for (auto& client : clients) CHECK(client.read_answer().ends_with("hello\n"));
    CHECK(answers(listener->port()));
  }

  TEST_CASE("clients that stop reading make room too, after a while") {
    ListenerOptions options;
    options.max_connections = 2;
    const auto listener = listen_with(
        [&](const Request& request) {
          return request.path == "/" ? plain(200, "hello") : endless(write_all_you_can);
        },
        options);
    auto clients = clients_of(listener->port(), 2);
    for (auto& client : clients) {
      client.send("GET /page HTTP/1.1\r\n\r\n");
      client.read_at_least(1);
    }
    const auto limit = steady_clock::now() + seconds(10);
    bool served = false;
    while (!served && steady_clock::now() < limit) served = answers(listener->port());
    CHECK(served);
  }

  TEST_CASE("out of descriptors, an idle connection makes room") {
    const auto listener = listen_with(hello);
    auto idle = TcpClient::to(listener->port());
    idle.send(kGet);
    REQUIRE(idle.read_answer().ends_with("hello\n"));
    TcpClient newcomer;
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const int next = ::dup(0);
    ::close(next);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    REQUIRE(newcomer.connect(listener->port()));
    newcomer.send(kGet);
    const auto answer = newcomer.read_answer();
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(answer.ends_with("hello\n"));
    CHECK(idle.read_all().empty());
  }

  TEST_CASE("a mute listener accepts and says nothing") {
    ListenerOptions options;
    std::atomic<bool> mute{true};
    options.mute = [&] { return mute.load(); };
    const auto listener = listen_with(hello, options);
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    CHECK_FALSE(client.readable_within(milliseconds(100)));
    mute = false;
    CHECK(answers(listener->port()));
    CHECK(time_of([&] { listener->stop(); }) < seconds(1));
  }

  TEST_CASE("a stop is prompt amid idle, slow, reading and streaming clients") {
    std::promise<void> streaming;
    auto listener = listen_with([&](const Request& request) {
      if (request.path == "/") return plain(200, "hello");
      return endless([&](const Sink& sink) {
        streaming.set_value();
        write_all_you_can(sink);
      });
    });
    auto idle = clients_of(listener->port(), 50);
    for (auto& client : idle) {
      client.send(kGet);
      REQUIRE(client.read_answer().ends_with("hello\n"));
    }
    auto slow = clients_of(listener->port(), 50);
    for (auto& client : slow) client.send("GET / HT");
    auto silent = clients_of(listener->port(), 50);
    auto reader = TcpClient::to(listener->port());
    reader.send("GET /page HTTP/1.1\r\n\r\n");
    streaming.get_future().wait();
    auto waiting = TcpClient::to(listener->port());
    waiting.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
    CHECK(time_of([&] { listener->stop(); }) < seconds(1));
    CHECK(idle[0].read_all().empty());
    TcpClient late;
    CHECK_FALSE(late.connect(listener->port()));
    listener->stop();
  }

  TEST_CASE("connections that come and go from many threads at once are all answered") {
    const auto listener = listen_with(hello);
    std::vector<std::future<int>> workers;
    for (int n = 0; n < 8; ++n) {
      workers.push_back(std::async(std::launch::async, [&] {
        int served = 0;
        for (int i = 0; i < 100; ++i) served += answers(listener->port()) ? 1 : 0;
        return served;
      }));
    }
    for (auto& worker : workers) CHECK(worker.get() == 100);
  }
}
