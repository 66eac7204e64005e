// Digest against a server that was not written for it: lighttpd's mod_auth, over a real connection.
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <spawn.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "atlas/client.h"
#include "base/clock.h"
#include "base/stop.h"
#include "http/connection.h"
#include "http/resolver.h"
#include "login.h"
#include "support/audited.h"
#include "support/scratch_directory.h"

namespace aka::atlas {
namespace {

constexpr const char* kLighttpd = "/usr/sbin/lighttpd";

/// H("abcdwxyz:MMS Public API:" + kPrivateKey), computed with other programs.
constexpr std::string_view kMd5User = "abcdwxyz:MMS Public API:d2fb71c3704716abcab7864ac39db7a3\n";
constexpr std::string_view kSha256User =
    "abcdwxyz:MMS Public API:909982ee42d040a1b59e91386e8f310a6836aba7ac56801f6d477bf727cfa41d\n";

/// A port of 127.0.0.1 on which somebody listens already, so that no start has to be awaited.
class ListeningSocket {
 public:
  ListeningSocket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(descriptor_, generic, size) == 0);
    REQUIRE(::listen(descriptor_, 16) == 0);
    REQUIRE(::getsockname(descriptor_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~ListeningSocket() { ::close(descriptor_); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  int descriptor() const { return descriptor_; }
  std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

/// Serves one key under the API's path to whoever logs in. Ends with this object.
class Lighttpd {
 public:
  Lighttpd(const ListeningSocket& socket, std::string_view algorithm, std::string_view user) {
    files_.write(
        fmt::format("root/api/atlas/v1.0/orgs/{}/apiKeys/{}", test::kOrganization, test::kKey),
        R"({"desc":"ci","id":"64aa11bb22cc33dd44ee55f1","publicKey":"abcdwxyz","roles":[]})");
    files_.write("users", user);
    const auto configuration =
        files_.write("conf", fmt::format(R"(server.modules = ("mod_auth", "mod_authn_file")
server.document-root = "{0}/root"
server.errorlog = "{0}/log"
server.bind = "127.0.0.1"
server.port = {1}
server.systemd-socket-activation = "enable"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{0}/users"
auth.require = ("/api" => ("method" => "digest", "algorithm" => "{2}", "realm" => "MMS Public API",
  "require" => "valid-user"))
)",
                                         files_.path().string(), socket.port(), algorithm));
    // lighttpd takes the socket over as from systemd, which names the process by its id. It ends
    // with this process, even if that is killed.
    const std::string command =
        fmt::format("LISTEN_FDS=1 LISTEN_PID=$$ exec setpriv --pdeathsig TERM {} -D -f {}",
                    kLighttpd, configuration.string());
    std::array<const char*, 4> arguments{"sh", "-c", command.c_str(), nullptr};
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, socket.descriptor(), 3);
    const int error = ::posix_spawn(&process_, "/bin/sh", &actions, nullptr,
                                    const_cast<char* const*>(arguments.data()), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    REQUIRE(error == 0);
  }
  ~Lighttpd() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
  }
  Lighttpd(const Lighttpd&) = delete;
  Lighttpd& operator=(const Lighttpd&) = delete;

 private:
  testing::ScratchDirectory files_;
  pid_t process_ = 0;
};

class Poller {
 public:
  Poller(const ListeningSocket& socket, const std::string& private_key)
      : file_(private_key),
        client_(std::make_shared<const Service>(), test::digest_credential(file_),
                http::connect_to({http::Scheme::http, "127.0.0.1", socket.port()},
                                 {nullptr, std::nullopt, "test"}, resolver_),
                base::system_clock()) {}

  Fetched poll() {
    auto fetched = client_.get_key(model::OrganizationId::parse(test::kOrganization).value(),
                                   model::KeyId::parse(test::kKey).value(), {test::soon(), stop_});
    REQUIRE(fetched.has_value());
    return std::move(*fetched);
  }

 private:
  http::Resolver resolver_;
  base::StopSignal stop_;
  test::SecretFile file_;
  Client client_;
};

/// "401 200", and what went wrong, if anything did.
std::string outcome(const Fetched& fetched) {
  std::string result;
  for (const Sent& sent : fetched.sent) {
    result += fmt::format("{}{}", result.empty() ? "" : " ", sent.code);
  }
  const auto* const failure = std::get_if<model::Failure>(&fetched.answer);
  return failure == nullptr ? result : fmt::format("{}, {}", result, to_string(failure->reason));
}

TEST_SUITE("lighttpd") {
  TEST_CASE("its digest lets the right key in, with one request a poll, and no wrong one") {
    if (!std::filesystem::exists(kLighttpd)) {
      MESSAGE("skipped: lighttpd is not installed");
      return;
    }
    const std::vector<std::pair<std::string_view, std::string_view>> algorithms{
        {"MD5", kMd5User}, {"SHA-256", kSha256User}};
    for (const auto& [algorithm, user] : algorithms) {
      CAPTURE(algorithm);
      const ListeningSocket socket;
      auto server = std::make_unique<Lighttpd>(socket, algorithm, user);
      Poller good(socket, test::kPrivateKey);
      const Fetched first = good.poll();
      CHECK(outcome(first) == "401 200");
      CHECK((first.answer == model::Answer(test::record({}, "ci"))));
      for (int i = 0; i < 20; ++i) CHECK(outcome(good.poll()) == "200");

      Poller bad(socket, "not the private key");
      CHECK(outcome(bad.poll()) == "401 401, bad_credentials");

      // Its nonces outlive a restart, the connection does not.
      server.reset();
      server = std::make_unique<Lighttpd>(socket, algorithm, user);
      CHECK(outcome(good.poll()) == "200");
    }
  }
}

}  // namespace
}  // namespace aka::atlas
