// initdb, pg_ctl and psql of Debian's package. Without fsync: what dies here is the process, not
// the machine.
#include "support/postgres_server.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace aka::testing {
namespace {

namespace fs = std::filesystem;

/// The programs of the newest version that is installed.
fs::path programs() {
  fs::path newest;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
    if (fs::exists(version.path() / "bin/initdb") && version.path() > newest)
      newest = version.path();
  }
  return newest / "bin";
}

std::string as_postgres(const std::string& command) {
  if (::geteuid() != 0) return command;
  return "setpriv --reuid postgres --regid postgres --clear-groups " + command;
}

std::string run(const std::string& command) {
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;)
    output.append(block.data(), got);
  REQUIRE_MESSAGE(::pclose(pipe) == 0, command, ": ", output);
  return output;
}

}  // namespace

PostgresServer::PostgresServer() {
  if (::geteuid() == 0) run("chown postgres: " + directory_.path().string());
  run(as_postgres(fmt::format("{}/initdb -D {} -U auditor -A trust --no-sync --no-locale -E UTF8",
                              programs().string(), data())));
  start();
}

PostgresServer::~PostgresServer() {
  signal_all(SIGCONT);
  const std::string command = as_postgres(fmt::format(
      "{}/pg_ctl -D {} -m immediate stop >/dev/null 2>&1", programs().string(), data()));
  [[maybe_unused]] const int code = std::system(command.c_str());
}

std::string PostgresServer::url(const std::string& database) const {
  std::string host = directory_.path().string();
  for (std::size_t at = 0; (at = host.find('/', at)) != std::string::npos;)
    host.replace(at, 1, "%2F");
  return fmt::format("postgresql://auditor@{}/{}", host, database);
}

void PostgresServer::start() {
  run(as_postgres(
      fmt::format("{}/pg_ctl -D {} -l {}/log -w -o \"-c listen_addresses='' -c fsync=off -c "
                  "shared_buffers=16MB -k {}\" start >/dev/null",
                  programs().string(), data(), data(), directory_.path().string())));
}

void PostgresServer::stop() {
  run(as_postgres(
      fmt::format("{}/pg_ctl -D {} -m fast stop >/dev/null", programs().string(), data())));
}

void PostgresServer::hold() { signal_all(SIGSTOP); }
void PostgresServer::go_on() { signal_all(SIGCONT); }

/// To the postmaster and its children.
void PostgresServer::signal_all(int number) const {
  std::ifstream file(data() + "/postmaster.pid");
  pid_t postmaster = 0;
  if (!(file >> postmaster)) return;
  std::vector<pid_t> all{postmaster};
  std::ifstream children(fmt::format("/proc/{}/task/{}/children", postmaster, postmaster));
  for (pid_t child = 0; children >> child;) all.push_back(child);
  for (const pid_t one : all) ::kill(one, number);
}

std::string PostgresServer::sql(const std::string& statements) {
  const fs::path script = directory_.write("script.sql", statements);
  return run(fmt::format("{}/psql -XqAt -v ON_ERROR_STOP=1 '{}' -f {}", programs().string(), url(),
                         script.string()));
}

}  // namespace aka::testing
