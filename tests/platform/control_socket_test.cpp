// Asking and answering over a Unix socket.
#include "platform/control_socket.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <vector>

#include <doctest/doctest.h>

#include "support/scratch_directory.h"

namespace aka::platform {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> answers(const std::string& path, std::string_view line) {
  std::vector<std::string> all;
  const auto asked = ask(path, line, [&](const std::string& said) {
    all.push_back(said);
    return true;
  });
  REQUIRE_MESSAGE(asked.has_value(), asked.error().message);
  return all;
}

std::unique_ptr<ControlSocket> echo(const std::string& path) {
  auto socket = ControlSocket::open(
      path, [](const std::string& line, const Say& say, const base::StopSignal&) {
        say("heard " + line);
        say("done");
      });
  REQUIRE_MESSAGE(socket.has_value(), socket.error().message);
  return *std::move(socket);
}

TEST_CASE("a line is answered with lines, one asker after the other") {
  const aka::testing::ScratchDirectory directory;
  const std::string path = (directory.path() / "x.sock").string();
  const auto socket = echo(path);
  for (const char* line : {"one", "two"}) {
    CHECK(answers(path, line) == std::vector<std::string>{std::string("heard ") + line, "done"});
  }
}

TEST_CASE("nobody but its user may speak to it, and its end removes the path") {
  const aka::testing::ScratchDirectory directory;
  const std::string path = (directory.path() / "x.sock").string();
  std::ofstream(path) << "left by an earlier owner";
  {
    const auto socket = echo(path);
    CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(answers(path, "a").size() == 2);
  }
  CHECK_FALSE(fs::exists(path));
  const auto asked = ask(path, "a", [](const std::string&) { return true; });
  REQUIRE_FALSE(asked.has_value());
  CHECK(asked.error().kind == base::ErrorKind::not_found);
}

TEST_CASE("a stop reaches an answer that goes on") {
  const aka::testing::ScratchDirectory directory;
  const std::string path = (directory.path() / "x.sock").string();
  std::promise<void> begun;
  auto socket = ControlSocket::open(
      path, [&](const std::string&, const Say& say, const base::StopSignal& stop) {
        begun.set_value();
        while (say("tick") && !stop.requested()) {
        }
      });
  REQUIRE(socket.has_value());
  auto asker = std::async(std::launch::async, [&] { return answers(path, "go").size(); });
  begun.get_future().wait();
  socket->reset();
  CHECK(asker.get() > 0);
}

TEST_CASE("a path that is too long for a socket is an error that says so") {
  const auto socket = ControlSocket::open("/tmp/" + std::string(200, 'x'), {});
  REQUIRE_FALSE(socket.has_value());
  CHECK(socket.error().message.find("too long") != std::string::npos);
}

}  // namespace
}  // namespace aka::platform
