// SQLite's C interface as values that clean up after themselves, and its codes as errors that say
// what to do. Entry point: Database::open().
#include "store/sqlite/database.h"

#include <cerrno>
#include <cstring>
#include <sqlite3.h>
#include <utility>

#include <fmt/format.h>

namespace aka::store {
namespace {

using base::ErrorKind;

/// How long a stranger (the `sqlite3` shell) may hold the file before a statement fails.
constexpr int kBusyMilliseconds = 1000;

ErrorKind kind_of(int code) {
  switch (code & 0xFF) {  // the rest says more than we act on
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
      return ErrorKind::io;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::permission;
    default:
      return kDamaged;
  }
}

std::string why_failed(sqlite3* connection, int code) {
  std::string why = sqlite3_errmsg(connection);
  const int system = sqlite3_system_errno(connection);
  const int primary = code & 0xFF;
  if (system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN))
    why += fmt::format(" ({})", std::strerror(system));
  return why;
}

/// A path as a URI, in which `?`, `#` and `%` mean something else.
std::string uri_of(const std::string& path, Access access) {
  std::string uri = "file:";
  for (const char byte : path) {
    if (byte == '?' || byte == '#' || byte == '%')
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(byte));
    else
      uri += byte;
  }
  return uri + (access == Access::immutable ? "?immutable=1" : "");
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

base::Result<bool> Statement::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) return failure(code);
  reset();
  return false;
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

// A failed bind leaves NULL, which no column takes: the step that follows reports it.
void Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

void Statement::bind(int index, std::string_view value) {
  const char* bytes = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_.get(), index, bytes, value.size(), nullptr, SQLITE_UTF8);
}

base::Result<void> Statement::finish() {
  for (;;) {
    auto row = next();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return {};
  }
}

tl::unexpected<base::Error> Statement::failure(int code) {
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  std::string message = why_failed(connection, code);
  reset();
  return base::fail(kind_of(code), std::move(message));
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }

base::Result<Database> Database::open(const std::string& path, Access access) {
  const int flags = (access == Access::own ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(uri_of(path, access).c_str(), &connection, flags, nullptr);
  if (connection == nullptr) return base::fail(ErrorKind::io, "out of memory");
  Database database(connection);
  if (code != SQLITE_OK) return database.failure(code);
  sqlite3_busy_timeout(connection, kBusyMilliseconds);
  return database;
}

base::Result<void> Database::execute(const char* statements) {
  const int code = sqlite3_exec(connection_.get(), statements, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

base::Result<Statement> Database::prepare(std::string_view statement) {
  sqlite3_stmt* prepared = nullptr;
  const int code =
      sqlite3_prepare_v3(connection_.get(), statement.data(), static_cast<int>(statement.size()),
                         SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return Statement(prepared);
}

base::Result<std::string> Database::value(std::string_view statement) {
  auto prepared = prepare(statement);
  if (!prepared) return tl::unexpected(std::move(prepared).error());
  const auto row = prepared->first();
  if (!row) return tl::unexpected(row.error());
  return *row ? prepared->text(0) : std::string();
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

bool Database::has_moved() const {
  int moved = 0;
  sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

tl::unexpected<base::Error> Database::failure(int code) const {
  return base::fail(kind_of(code), why_failed(connection_.get(), code));
}

}  // namespace aka::store
