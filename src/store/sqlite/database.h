#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

// NOLINTBEGIN(readability-identifier-naming): the names are SQLite's
struct sqlite3;
struct sqlite3_stmt;
// NOLINTEND(readability-identifier-naming)

namespace aka::store {

/// The kind of an error that says that the database's bytes are not what they must be.
inline constexpr base::ErrorKind kDamaged = base::ErrorKind::internal;

/// A prepared statement. Texts that are bound must live until the call ends, for first() until the
/// last row was read. Must not outlive its database.
class Statement {
 public:
  /// Runs it to its end.
  template <typename... Values>
  base::Result<void> run(const Values&... values) {
    bind_all(values...);
    return finish();
  }

  /// Begins to run it: whether there is a row.
  template <typename... Values>
  base::Result<bool> first(const Values&... values) {
    bind_all(values...);
    return next();
  }
  base::Result<bool> next();  ///< whether there is another row; false also resets
  void reset();               ///< ends it before its last row

  std::int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  template <typename... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  base::Result<void> finish();
  tl::unexpected<base::Error> failure(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Access {
  own,        ///< read and write; the file must exist
  read_only,  ///< beside its owner
  immutable,  ///< for a file on a medium that nobody can write to
};

/// A connection to a SQLite file, for one thread at a time. Errors are kDamaged, `io` (may pass) or
/// `permission`; the caller names the file.
class Database {
 public:
  static base::Result<Database> open(const std::string& path, Access access);

  base::Result<void> execute(const char* statements);
  base::Result<Statement> prepare(std::string_view statement);
  /// The first column of the first row as text; empty without one.
  base::Result<std::string> value(std::string_view statement);

  bool in_transaction() const;
  /// Whether the file was removed or replaced under our feet.
  bool has_moved() const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };

  explicit Database(sqlite3* connection) : connection_(connection) {}
  tl::unexpected<base::Error> failure(int code) const;

  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace aka::store
