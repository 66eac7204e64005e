// Whatever a server holds back, the deadline ends it, and so does a stop.
#include <arpa/inet.h>
#include <atomic>
#include <fcntl.h>
#include <functional>
#include <future>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <doctest/doctest.h>

#include "client.h"
#include "http/descriptor.h"

namespace aka::http {
namespace {

using std::chrono::steady_clock;
using testing::LoopbackServer;
using testing::Peer;

constexpr auto kLimit = 300ms;
/// For a busy machine and sanitizers; the point is that nothing takes seconds.
constexpr auto kMargin = 1500ms;

/// Something that never answers, and a client that asks it. `reached` is set when the client is
/// known to be where it will wait.
struct Scene {
  std::unique_ptr<LoopbackServer> server;
  std::vector<Descriptor> held;
  std::unique_ptr<Client> client;
  std::shared_ptr<std::promise<void>> release;
};
using Reached = std::shared_ptr<std::promise<void>>;
using Setting = std::function<Scene(Reached)>;

Scene served(Scheme scheme, LoopbackServer::Script script) {
  Scene scene;
  scene.server = std::make_unique<LoopbackServer>(std::move(script));
  scene.client = std::make_unique<Client>(loopback(scheme, *scene.server));
  return scene;
}

/// Reads the request, sends `first`, then `slow` a byte at a time, and holds on.
Setting slow_answer(Scheme scheme, std::string first, std::string slow) {
  return [=](Reached reached) {
    return served(scheme, [=](Peer& peer, int) {
      if (!open(peer, scheme)) return;
      peer.read_request();
      peer.send(first);
      reached->set_value();
      peer.drip(slow, 20ms);
      peer.wait_until_gone();
    });
  };
}

Scene mute_handshake(Reached reached) {
  return served(Scheme::https, [=](Peer& peer, int) {
    peer.receive();
    reached->set_value();
    peer.wait_until_gone();
  });
}

Scene unread_request(Reached reached) {
  auto scene = served(Scheme::http, [=](Peer& peer, int) {
    reached->set_value();
    peer.drip("never sent", 60s);
  });
  return scene;
}

Scene silent_name_server(Reached reached) {
  Scene scene;
  scene.release = std::make_shared<std::promise<void>>();
  auto released = std::make_shared<std::shared_future<void>>(scene.release->get_future());
  scene.client =
      std::make_unique<Client>(Origin{Scheme::https, "silent.example", 443},
                               [=](const std::string&) -> base::Result<std::vector<Address>> {
                                 reached->set_value();
                                 released->wait();
                                 return std::vector<Address>();
                               });
  return scene;
}

/// A listener whose queue is full answers no SYN.
Scene unaccepted_connect(Reached reached) {
  Scene scene;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  scene.held.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(scene.held[0].get(), name, size) == 0);
  REQUIRE(::listen(scene.held[0].get(), 0) == 0);
  REQUIRE(::getsockname(scene.held[0].get(), name, &size) == 0);
  for (int i = 0; i < 4; ++i) {
    scene.held.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(scene.held.back().get(), name, size);
  }
  scene.client =
      std::make_unique<Client>(Origin{Scheme::http, "127.0.0.1", ntohs(address.sin_port)});
  reached->set_value();
  return scene;
}

/// A proxy that takes the CONNECT and says nothing.
Scene mute_proxy(Reached reached) {
  Scene scene;
  scene.server = std::make_unique<LoopbackServer>([=](Peer& peer, int) {
    peer.read_request();
    reached->set_value();
    peer.wait_until_gone();
  });
  scene.client = std::make_unique<Client>(Origin{Scheme::https, "origin.example", 443},
                                          Client::no_lookup, loopback(Scheme::http, *scene.server));
  return scene;
}

struct Row {
  std::string name;
  Setting setting;
  int status;
  Request request;
};

std::vector<Row> all_scenes() {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  const std::string endless(1000, 'x');
  std::vector<Row> rows;
  for (const Scheme scheme : kBothSchemes) {
    rows.push_back({"no answer", slow_answer(scheme, "", ""), 0, {}});
    rows.push_back({"slow status line", slow_answer(scheme, "HTTP/1.1 200 ", endless), 0, {}});
    rows.push_back(
        {"slow headers", slow_answer(scheme, "HTTP/1.1 200 OK\r\nA: ", endless), 200, {}});
    rows.push_back({"mute after headers", slow_answer(scheme, head, ""), 200, {}});
    rows.push_back({"slow body", slow_answer(scheme, head, endless), 200, {}});
  }
  rows.push_back({"mute TLS handshake", mute_handshake, 0, {}});
  rows.push_back({"silent name server", silent_name_server, 0, {}});
  rows.push_back({"unaccepted connect", unaccepted_connect, 0, {}});
  rows.push_back({"mute proxy", mute_proxy, 0, {}});
  rows.push_back({"unread request",
                  unread_request,
                  0,
                  {.method = "POST", .body = std::string(20'000'000, 'x')}});
  return rows;
}

}  // namespace

TEST_SUITE_BEGIN("deadline");

TEST_CASE("the deadline ends every wait, not earlier and hardly later") {
  for (const auto& row : all_scenes()) {
    CAPTURE(row.name);
    auto scene = row.setting(std::make_shared<std::promise<void>>());
    const auto begin = steady_clock::now();
    const auto failure = failure_of(scene.client->send(row.request, kLimit));
    const auto took = steady_clock::now() - begin;
    CAPTURE(failure.message);
    CHECK(failure.failure == Failure::timeout);
    CHECK(failure.status == row.status);
    CHECK(took >= kLimit);
    CHECK(took < kLimit + kMargin);
    if (scene.release) scene.release->set_value();
  }
}

TEST_CASE("a stop ends every wait at once") {
  for (const auto& row : all_scenes()) {
    CAPTURE(row.name);
    auto reached = std::make_shared<std::promise<void>>();
    auto scene = row.setting(reached);
    auto sent =
        std::async(std::launch::async, [&] { return scene.client->send(row.request, 60s); });
    reached->get_future().wait();
    const auto begin = steady_clock::now();
    scene.client->stop.request();
    const auto failure = failure_of(sent.get());
    CHECK(steady_clock::now() - begin < kMargin);
    CHECK(failure.failure == Failure::stopped);
    if (scene.release) scene.release->set_value();
  }
}

TEST_CASE("a server so fast that the client never waits does not outrun the deadline") {
  LoopbackServer server([](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(100'000, 'x');
    while (peer.send(piece)) {
    }
  });
  Client client(loopback(Scheme::http, server));
  const auto begin = steady_clock::now();
  const auto failure = failure_of(client.send({.body_limit = std::size_t{1} << 40}, 50ms));
  CHECK(failure.failure == Failure::timeout);
  CHECK(steady_clock::now() - begin < 50ms + kMargin);
}

TEST_CASE("a deadline that has passed and a stop that was requested send nothing") {
  LoopbackServer server([](Peer& peer, int) { peer.wait_until_gone(); });
  Client client(loopback(Scheme::http, server));
  CHECK(failure_of(client.send({}, -1ms)).failure == Failure::timeout);
  client.stop.request();
  CHECK(failure_of(client.send({})).failure == Failure::stopped);
  CHECK(server.connections() == 0);
}

TEST_CASE("a silent address leaves time for the next") {
  Reached reached = std::make_shared<std::promise<void>>();
  auto silent = unaccepted_connect(reached);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(silent.held[0].get(), reinterpret_cast<sockaddr*>(&name), &size);
  // The same port, free on the second address.
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&name), size) == 0);
  REQUIRE(::listen(listener.get(), 8) == 0);
  Resolver numeric(Client::no_lookup);
  const std::vector<Address> both{
      numeric.resolve("127.0.0.1", {in(1s), silent.client->stop}).value().front(),
      numeric.resolve("127.0.0.2", {in(1s), silent.client->stop}).value().front()};
  Client client({Scheme::http, "two.example", ntohs(name.sin_port)},
                [=](const std::string&) -> base::Result<std::vector<Address>> { return both; });
  auto sent = std::async(std::launch::async, [&] { return client.send({}, 2s); });
  Peer peer(::accept(listener.get(), nullptr, nullptr));
  peer.read_request();
  peer.send(answer("second"));
  CHECK(sent.get().value().body == "second");
}

TEST_SUITE_END();

}  // namespace aka::http
