#pragma once

#include <string>

#include "support/scratch_directory.h"

namespace aka::testing {

/// A PostgreSQL server of its own, reachable by a Unix socket in its own directory; it ends with
/// this object. Started as the user postgres if this process is root's, since the server insists.
class PostgresServer {
 public:
  PostgresServer();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  std::string url(const std::string& database = "postgres") const;
  void start();
  void stop();                                     ///< at once, sessions ended
  void hold();                                     ///< every process of it stands still
  void go_on();                                    ///< until then
  std::string sql(const std::string& statements);  ///< what psql prints, unaligned

 private:
  std::string data() const { return (directory_.path() / "data").string(); }
  void signal_all(int number) const;

  ScratchDirectory directory_;
};

}  // namespace aka::testing
