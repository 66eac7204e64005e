#include "simulator/curl.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

namespace aka::simulator::test {
namespace {

struct Started {
  int pid = -1;
  int out = -1;
};

Started start(const std::vector<std::string>& words) {
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  Started started;
  started.out = ends[0];
  const int failure =
      posix_spawnp(&started.pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  REQUIRE_MESSAGE(failure == 0, words[0]);
  return started;
}

int exit_status(int pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Outcome run(const std::vector<std::string>& words) {
  const Started started = start(words);
  Outcome outcome;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = read(started.out, block.data(), block.size())) > 0;) {
    outcome.out.append(block.data(), static_cast<std::size_t>(got));
  }
  close(started.out);
  outcome.status = exit_status(started.pid);
  return outcome;
}

Outcome curl(std::vector<std::string> words) {
  words.insert(words.begin(), {"curl", "-s", "--max-time", "20"});
  return run(words);
}

Process::Process(const std::vector<std::string>& words) {
  const Started started = start(words);
  pid_ = started.pid;
  out_ = started.out;
}

Process::~Process() {
  stop();
  close(out_);
}

std::string Process::read_line() {
  std::string line;
  char symbol = 0;
  while (read(out_, &symbol, 1) == 1 && symbol != '\n') line += symbol;
  return line;
}

int Process::stop() {
  if (pid_ < 0) return -1;
  kill(pid_, SIGTERM);
  return exit_status(std::exchange(pid_, -1));
}

}  // namespace aka::simulator::test
