#include "web/listener.h"

#include <csignal>
#include <future>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "web/listening.h"

using namespace aka::web;
using aka::tests::TcpClient;

namespace {

/// Hands the last request over to the test.
struct Recorder {
  Response operator()(const Request& request) {
    const std::lock_guard lock(mutex);
    seen = request;
    return plain(200, "seen");
  }
  std::mutex mutex;
  Request seen;
};

Response page_of(std::uint64_t length, std::function<void(const Sink&)> generate) {
  Response response;
  response.length = length;
  response.generate = std::move(generate);
  return response;
}

std::string ask(int port, const std::string& request) {
  auto client = TcpClient::to(port);
  client.send(request);
  return client.read_answer();
}

}  // namespace

TEST_SUITE("web listener") {
  TEST_CASE("a request arrives whole and its answer goes back") {
    Recorder recorder;
    const auto listener = listen_with(std::ref(recorder));
    const auto answer = ask(
        listener->port(),
        "POST /a%20b/c?x=1%262&y HTTP/1.1\r\nHost: x\r\nAuthorization: Digest uri=\"/a%20b\"\r\n"
        "Content-Length: 5\r\n\r\nhello");
    CHECK(answer ==
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
          "seen\n");
    CHECK(recorder.seen.method == "POST");
    CHECK(recorder.seen.target == "/a%20b/c?x=1%262&y");
    CHECK(recorder.seen.path == "/a b/c");
    CHECK(recorder.seen.query == "x=1%262&y");
    CHECK(recorder.seen.parameter("x") == "1&2");
    CHECK(recorder.seen.header("authorization") == "Digest uri=\"/a%20b\"");
    CHECK(recorder.seen.body == "hello");
    CHECK(recorder.seen.remote.starts_with("127.0.0.1:"));
  }

  TEST_CASE("status, headers and type are the handler's") {
    const auto listener = listen_with([](const Request&) {
      Response response{.status = 429, .content_type = "application/json", .body = "{}"};
      response.headers = {{"Retry-After", "7"}, {"X-Two", "a"}, {"X-Two", "b"}};
      return response;
    });
    const auto answer = ask(listener->port(), kGet);
    CHECK(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"));
    CHECK(body_of(answer) == "{}");
    for (const auto* line : {"Content-Type: application/json", "Content-Length: 2",
                             "Retry-After: 7", "X-Two: a", "X-Two: b"}) {
      CHECK(answer.find("\r\n" + std::string(line) + "\r\n") != std::string::npos);
    }
  }

  TEST_CASE("an answer without a body says so, an error too") {
    const auto listener = listen_with(
        [](const Request& request) { return Response{.status = request.path == "/" ? 204 : 404}; });
    CHECK(ask(listener->port(), kGet) == "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
    CHECK(ask(listener->port(), "GET /x HTTP/1.1\r\n\r\n") ==
          "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }

  TEST_CASE("every common method reaches the handler") {
    Recorder recorder;
    const auto listener = listen_with(std::ref(recorder));
    for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}) {
      ask(listener->port(), method + " / HTTP/1.1\r\n\r\n");
      CHECK(recorder.seen.method == method);
    }
  }

  TEST_CASE("HEAD gets the headers of GET and no body") {
    const auto listener = listen_with([](const Request& request) {
      if (request.path == "/text") return plain(200, "hello");
      return page_of(1'000'000, [](const Sink&) { FAIL("a HEAD request started a generator"); });
    });
    auto client = TcpClient::to(listener->port());
    client.send("HEAD /text HTTP/1.1\r\n\r\nHEAD /page HTTP/1.1\r\n\r\nGET /text HTTP/1.1\r\n\r\n");
    const auto text = client.read_answer(true);
    CHECK(client.read_answer(true).find("Content-Length: 1000000\r\n") != std::string::npos);
    CHECK(client.read_answer() == text + "hello\n");
  }

  TEST_CASE("pipelined requests are answered in order on one connection") {
    const auto listener =
        listen_with([](const Request& request) { return plain(200, request.path + request.body); });
    auto client = TcpClient::to(listener->port());
    std::string requests;
    for (int n = 0; n < 500; ++n) {
      requests += "POST /" + std::to_string(n) + " HTTP/1.1\r\nContent-Length: 2\r\n\r\n<>";
    }
    auto sending = std::async(std::launch::async, [&] { return client.send(requests); });
    for (int n = 0; n < 500; ++n) {
      REQUIRE(body_of(client.read_answer()) == "/" + std::to_string(n) + "<>\n");
    }
    CHECK(sending.get());
  }

  TEST_CASE("a connection closes when the client asks, speaks 1.0, or has had its number") {
    ListenerOptions options;
    options.max_requests = 2;
    const auto listener = listen_with(hello, options);
    for (const auto& requests :
         {std::string("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
          std::string("GET / HTTP/1.0\r\n\r\n"), kGet + kGet, kGet + kGet + kGet}) {
      CAPTURE(requests);
      auto client = TcpClient::to(listener->port());
      client.send(requests);
      const auto answers = client.read_all();
      CHECK(client.ended() == TcpClient::End::closed);
      CHECK(answers.ends_with("\r\nhello\n"));
      const auto last = answers.rfind("HTTP/1.1 200 OK\r\n");
      CHECK(answers.find("Connection: close\r\n", last) != std::string::npos);
    }
  }

  TEST_CASE("a client that expects 100-continue is told to go on") {
    Recorder recorder;
    const auto listener = listen_with(std::ref(recorder));
    auto client = TcpClient::to(listener->port());
    client.send("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    CHECK(client.read_answer(true) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    CHECK(client.read_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(recorder.seen.body == "body");
  }

  TEST_CASE("what is no request is refused in plain text and the connection closed") {
    const auto listener = listen_with(hello);
    for (const auto& garbage :
         {std::string("hello\n"), std::string("\x16\x03\x01\x02", 4),
          std::string("GET / HTTP/1.1\n\n"), std::string("\r\n\r\n"), std::string("GET /\r\n\r\n"),
          std::string("GET  / HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/2.0\r\n\r\n"),
          std::string("BREW / HTTP/1.1\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")}) {
      CAPTURE(garbage);
      auto client = TcpClient::to(listener->port());
      client.send(garbage);
      const auto answer = client.read_all();
      CHECK(client.ended() == TcpClient::End::closed);
      CHECK(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
      CHECK(answer.find("Connection: close\r\n") != std::string::npos);
      CHECK(answer.find("Content-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
      CHECK(answer.ends_with("\n"));
      CHECK(body_of(answer).size() > 10);
    }
    CHECK(answers(listener->port()));
  }

  TEST_CASE("an exception is a 500 that keeps its text for the log") {
    std::promise<std::string> logged;
    ListenerOptions options;
    options.on_failure = [&](std::string_view text) { logged.set_value(std::string(text)); };
    const auto listener = listen_with(
        [](const Request& request) -> Response {
          if (request.path == "/odd") throw 7;
          throw std::runtime_error("secret detail");
        },
        options);
    CHECK(ask(listener->port(), "GET /page HTTP/1.1\r\n\r\n") ==
          "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 15\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n\r\ninternal error\n");
    CHECK(logged.get_future().get() == "answering GET /page failed: secret detail");
    logged = {};
    CHECK(ask(listener->port(), "GET /odd HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 500 "));
    CHECK(logged.get_future().get() == "answering GET /odd failed: an exception of unknown type");
  }

  TEST_CASE("a log that fails is nobody's business but its own") {
    ListenerOptions options;
    options.on_failure = [](std::string_view) { throw std::runtime_error("disk full"); };
    const auto listener = listen_with([](const Request&) -> Response { throw 7; }, options);
    CHECK(ask(listener->port(), kGet) ==
          "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 15\r\n"
          "Content-Type: text/plain; charset=utf-8\r\n\r\ninternal error\n");
  }

  TEST_CASE("a generated page streams block by block under its length") {
    std::promise<void> received;
    auto wait = received.get_future().share();
    const auto listener = listen_with([&](const Request&) {
      return page_of(10, [wait](const Sink& sink) {
        sink("first");
        wait.wait();
        sink("again");
      });
    });
    auto client = TcpClient::to(listener->port());
    client.send(kGet + kGet);
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    CHECK(client.read_at_least(head.size() + 5) == head + "first");
    received.set_value();
    CHECK(client.read_at_least(5 + head.size() + 10) == "again" + head + "firstagain");
  }

  TEST_CASE("a large page arrives unchanged") {
    std::string expected;
    for (int n = 0; n < 1'000'000; ++n) expected += std::to_string(n);
    const auto listener = listen_with([&](const Request& request) {
      if (request.path == "/string") return Response{.body = expected};
      return page_of(expected.size(), [&](const Sink& sink) {
        for (std::size_t at = 0; at < expected.size(); at += 100'000) {
          REQUIRE(sink(std::string_view(expected).substr(at, 100'000)));
        }
      });
    });
    CHECK(body_of(ask(listener->port(), "GET /string HTTP/1.1\r\n\r\n")) == expected);
    CHECK(body_of(ask(listener->port(), "GET /generated HTTP/1.1\r\n\r\n")) == expected);
  }

  TEST_CASE("a generator that gives less, more, or throws has its connection cut") {
    const std::vector<std::function<void(const Sink&)>> generators{
        [](const Sink& sink) { sink("part"); },
        [](const Sink& sink) { CHECK_FALSE(sink("more than was promised")); },
        [](const Sink& sink) { sink("part"), throw std::runtime_error("no"); },
        [](const Sink& sink) { sink("part"), throw 7; },
    };
    for (const auto& generator : generators) {
      const auto listener = listen_with([&](const Request&) { return page_of(10, generator); });
      auto client = TcpClient::to(listener->port());
      client.send(kGet);
      const auto answer = client.read_all();
      CHECK(client.ended() == TcpClient::End::closed);
      CHECK(answer.find("Content-Length: 10\r\n") != std::string::npos);
      CHECK(body_of(answer).size() < 10);
    }
  }

  TEST_CASE("a page whose length is not known leaves in chunks, block by block") {
    std::promise<void> received;
    auto wait = received.get_future().share();
    const auto listener = listen_with([&](const Request&) {
      return page_of(kUnknownLength, [wait](const Sink& sink) {
        sink("first");
        wait.wait();
        sink("and again");
      });
    });
    auto client = TcpClient::to(listener->port());
    client.send(kGet + kGet);
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    CHECK(client.read_at_least(head.size() + 10) == head + "5\r\nfirst\r\n");
    received.set_value();
    const std::string rest = "9\r\nand again\r\n0\r\n\r\n";
    CHECK(client.read_at_least(2 * rest.size() + head.size() + 10) ==
          rest + head + "5\r\nfirst\r\n" + rest);
  }

  TEST_CASE("chunks that end early have their connection cut, without a last chunk") {
    const std::vector<std::function<void(const Sink&)>> generators{
        [](const Sink& sink) { sink("part"), throw std::runtime_error("no"); },
        [](const Sink& sink) { sink("part"), throw 7; },
    };
    for (const auto& generator : generators) {
      const auto listener =
          listen_with([&](const Request&) { return page_of(kUnknownLength, generator); });
      auto client = TcpClient::to(listener->port());
      client.send(kGet);
      CHECK(body_of(client.read_all()) == "4\r\npart\r\n");
      CHECK(client.ended() == TcpClient::End::closed);
    }
  }

  TEST_CASE("who speaks HTTP/1.0, which knows no chunks, is not heard asking for an encoding") {
    const auto listener = listen_with([](const Request& request) {
      return Response{.body = "'" + std::string(request.header("Accept-Encoding")) + "'"};
    });
    const auto asked = [&](const std::string& version) {
      auto client = TcpClient::to(listener->port());
      client.send("GET / " + version + "\r\nHost: x\r\nAccept-Encoding: gzip\r\n" +
                  "Connection: close\r\n\r\n");
      return body_of(client.read_all());
    };
    CHECK(asked("HTTP/1.1") == "'gzip'");
    CHECK(asked("HTTP/1.0") == "''");
  }

  TEST_CASE("a page of no length at all is whole") {
    const auto listener =
        listen_with([](const Request&) { return page_of(0, [](const Sink&) {}); });
    CHECK(ask(listener->port(), kGet) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }

  TEST_CASE("nothing is compressed or cut, whatever the request asks for") {
    const std::string text(100'000, 'a');
    Recorder recorder;
    const auto listener = listen_with([&](const Request& request) {
      recorder(request);
      Response response{.body = text};
      if (request.path == "/page") {
        response = page_of(text.size(), [&](const Sink& sink) { sink(text); });
      }
      return response;
    });
    const std::string asked = " HTTP/1.1\r\nAccept-Encoding: br, *\r\nRange: bytes=1-2\r\n\r\n";
    for (const std::string path : {"/", "/page"}) {
      const auto answer = ask(listener->port(), "GET " + path + asked);
      CHECK(answer ==
            "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\n" +
                text);
      CHECK(recorder.seen.header("Accept-Encoding") == "br, *");
      CHECK(recorder.seen.header("Range") == "bytes=1-2");
    }
  }

  TEST_CASE("a handler may reset the connection or put raw bytes on the wire") {
    const auto listener = listen_with([](const Request& request) {
      Response response{.body = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"};
      if (request.path == "/generated") response.generate = [](const Sink& sink) { sink("-off"); };
      response.wire = request.path != "/reset" ? Response::Wire::raw : Response::Wire::reset;
      return response;
    });
    auto raw = TcpClient::to(listener->port());
    raw.send("GET /raw HTTP/1.1\r\n\r\n");
    CHECK(raw.read_all() == "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut");
    CHECK(raw.ended() == TcpClient::End::closed);
    auto generated = TcpClient::to(listener->port());
    generated.send("GET /generated HTTP/1.1\r\n\r\n");
    CHECK(body_of(generated.read_all()) == "cut-off");
    auto reset = TcpClient::to(listener->port());
    reset.send("GET /reset HTTP/1.1\r\n\r\n");
    CHECK(reset.read_all().empty());
    CHECK(reset.ended() == TcpClient::End::reset);
  }

  TEST_CASE("a client that vanishes in mid-answer ends no process") {
    std::promise<bool> outcome;
    const auto listener = listen_with([&](const Request&) {
      // httplib's constructor has just ignored SIGPIPE; we must not lean on that.
      std::signal(SIGPIPE, SIG_DFL);
      return page_of(1U << 30, [&](const Sink& sink) {
        const std::string block(100'000, 'a');
        bool open = true;
        for (int n = 0; n < 10'000 && open; ++n) open = sink(block);
        outcome.set_value(open);
      });
    });
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    client.read_at_least(200'000);
    client.vanish();
    CHECK_FALSE(outcome.get_future().get());
    std::signal(SIGPIPE, SIG_IGN);
  }

  TEST_CASE("an occupied port is an error that names the address") {
    const auto first = listen_with(hello);
    ListenerOptions options;
    options.address = {"127.0.0.1", first->port()};
    const auto second = Listener::start(options, hello);
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == aka::base::ErrorKind::busy);
    CHECK(second.error().message == "cannot listen on " + first->address() +
                                        ": Address already in use; stop the program that listens "
                                        "there, or choose another port");
  }

  TEST_CASE("an address of another machine is an error") {
    ListenerOptions options;
    options.address = {"192.0.2.1", 0};
    const auto listener = Listener::start(options, hello);
    REQUIRE_FALSE(listener);
    CHECK(listener.error().kind == aka::base::ErrorKind::not_found);
    CHECK(listener.error().message ==
          "cannot listen on 192.0.2.1:0: Cannot assign requested address; "
          "this machine has no such address");
  }

  TEST_CASE("the port is free again at once after a stop, in spite of old connections") {
    auto listener = listen_with(hello);
    ListenerOptions options;
    options.address = {"127.0.0.1", listener->port()};
    auto client = TcpClient::to(listener->port());
    client.send(kGet);
    client.read_answer();
    listener->stop();
    const auto again = listen_with(hello, options);
    CHECK(answers(again->port()));
  }

  TEST_CASE("a name is listened on") {
    ListenerOptions options;
    options.address.host = "localhost";
    const auto listener = Listener::start(options, hello);
    if (!listener) {  // a bare root has no /etc/hosts
      CHECK(listener.error().message.starts_with(
          "cannot listen on localhost:0: the host 'localhost' has no address: "));
      return;
    }
    CHECK(answers((*listener)->port()));
  }

  TEST_CASE("without a host every address is listened on") {
    auto listener = Listener::start(ListenerOptions{}, hello);
    REQUIRE(listener);
    CHECK(answers((*listener)->port()));
  }

  TEST_CASE("an IPv6 address is listened on") {
    ListenerOptions six;
    six.address.host = "::1";
    Recorder recorder;
    const auto listener = Listener::start(six, std::ref(recorder));
    if (!listener) {
      MESSAGE("no IPv6 here: " << listener.error().message);
      return;
    }
    CHECK((*listener)->address() == "[::1]:" + std::to_string((*listener)->port()));
    TcpClient client(AF_INET6);
    REQUIRE(client.connect((*listener)->port()));
    client.send(kGet);
    CHECK(client.read_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(recorder.seen.remote.starts_with("[::1]:"));
  }
}
