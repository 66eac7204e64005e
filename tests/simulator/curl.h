#pragma once

#include <string>
#include <vector>

/// Runs other programs, without a shell.
namespace aka::simulator::test {

struct Outcome {
  int status = -1;  ///< the exit status; -1: it was killed
  std::string out;
};

/// Runs to the end. What it writes to its error stream is dropped.
Outcome run(const std::vector<std::string>& words);

/// `curl -s` with these words, with 20 s at most.
Outcome curl(std::vector<std::string> words);

/// A program that goes on; ended with SIGTERM.
class Process {
 public:
  explicit Process(const std::vector<std::string>& words);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::string read_line();
  /// The exit status after SIGTERM.
  int stop();

 private:
  int pid_ = -1;
  int out_ = -1;
};

}  // namespace aka::simulator::test
