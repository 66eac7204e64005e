#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

// NOLINTBEGIN(readability-identifier-naming): the names are libpq's
struct pg_conn;
struct pg_result;
// NOLINTEND(readability-identifier-naming)

namespace aka::store {

/// Where a PostgreSQL database is and how to get in.
struct PostgresAddress {
  std::string url;  ///< postgresql://…, with libpq's parameters; without a password
  /// Read at each connection; an empty secret: none is needed.
  std::function<base::Result<base::Secret>()> password;
};

/// An error if libpq cannot read the url, or if it holds a password. The message does not repeat
/// it.
base::Result<void> check_postgres_url(const std::string& url);

/// The answer to a statement: rows of columns.
class Rows {
 public:
  explicit Rows(pg_result* result) : result_(result) {}

  int size() const;
  bool empty() const { return size() == 0; }
  std::int64_t integer(int row, int column) const;  ///< of a BIGINT column
  std::string text(int row, int column) const;      ///< of TEXT or BYTEA
  bool truth(int row, int column) const;            ///< of a BOOLEAN
  const pg_result* result() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

/// Values of a statement's parameters, in the binary format: a text as it is, an integer by
/// to_value().
using Values = std::vector<std::string>;
std::string to_value(std::int64_t integer);

/// A session with a PostgreSQL server, for one thread at a time. Every call ends: a server that is
/// silent for four seconds has failed. Errors: `io`: it may pass, and after most of them the
/// session is over (is_broken()); `permission`; `internal`: a statement that the server does not
/// accept.
class Connection {
 public:
  /// `name` is what the server's administrator sees. Tries the url's hosts for two seconds each.
  static base::Result<Connection> open(const PostgresAddress& address, const std::string& name);

  base::Result<Rows> query(const char* statement, const Values& values = {});
  base::Result<void> execute(const char* statements);  ///< one or several, without parameters
  base::Result<void> prepare(const char* name, const char* statement);

  /// Many prepared statements for one round trip: begin_batch(), add() each, end_batch(), which
  /// answers the first error. After an error the rest was not done.
  base::Result<void> begin_batch();
  base::Result<void> add(const char* prepared, const Values& values);
  base::Result<void> end_batch();

  bool is_broken() const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };

  explicit Connection(pg_conn* connection) : connection_(connection) {}

  base::Result<void> flush();
  base::Result<void> wait(bool to_write);
  base::Result<Rows> next_result();
  base::Result<Rows> answer();
  tl::unexpected<base::Error> failure();
  tl::unexpected<base::Error> failure(const Rows& rows) const;

  std::unique_ptr<pg_conn, Close> connection_;
  bool silent_ = false;  ///< it did not answer in time
  std::size_t unflushed_ = 0;
};

}  // namespace aka::store
