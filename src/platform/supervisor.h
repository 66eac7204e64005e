#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace aka::platform {

/// The program that started this one and wants to be told how it does, by the protocol of
/// sd_notify(3). Without one every message goes nowhere. Any thread may send; a message that
/// cannot be delivered is lost without a word, as nobody else could act on it.
class Supervisor {
 public:
  /// What NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID say.
  static Supervisor from_environment();

  /// `address` is a path, or '@' and an abstract name; empty: nobody wants to be told.
  explicit Supervisor(std::string address = {},
                      std::optional<std::chrono::microseconds> watchdog = std::nullopt);

  bool listens() const { return !address_.empty(); }
  /// It ends this process when not fed for so long; nothing: it does not watch.
  std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

  void ready() const;      ///< after the start, and after each reload
  void reloading() const;  ///< a reload begins
  void stopping() const;
  void feed() const;                         ///< the watchdog
  void status(std::string_view line) const;  ///< one line for people

 private:
  void send(std::string_view message) const;

  std::string address_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace aka::platform
