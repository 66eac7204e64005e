// libpq without blocking: whatever is sent, the wait for the answer is here, in wait(), and it
// ends. Entry points: Connection::open(), query(), end_batch(). Values travel in the binary format,
// so that no byte of them means anything.
#include "store/postgres/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <libpq-fe.h>
#include <poll.h>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

/// Without a byte from the server.
constexpr std::chrono::milliseconds kAnswerWithin{4000};
/// Statements that are sent before answers are read.
constexpr std::size_t kFlushEvery = 256;

/// How the session ends when its client is gone without a word, and how it does not hold others up:
/// what the server is asked for, where it knows the setting.
constexpr const char* kSessionSettings =
    "SELECT set_config(name, value, false) FROM (VALUES"
    " ('tcp_keepalives_idle', '4'), ('tcp_keepalives_interval', '2'),"
    " ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '10000'),"
    " ('client_connection_check_interval', '2000'), ('lock_timeout', '3000'),"
    " ('statement_timeout', '30000')"
    ") AS wanted (name, value) JOIN pg_settings USING (name)";

std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

ErrorKind kind_of(std::string_view sql_state) {
  if (sql_state == "42501") return ErrorKind::permission;
  // Connections, transactions, resources, an administrator's doings, a server that only reads.
  for (const std::string_view passing : {"08", "25", "28", "3D", "40", "53", "55", "57", "58"}) {
    if (sql_state.starts_with(passing)) return ErrorKind::io;
  }
  return sql_state.empty() ? ErrorKind::io : ErrorKind::internal;
}

/// What a statement's parameters are for libpq: all binary, their types as the statement says.
struct Parameters {
  explicit Parameters(const Values& values) : formats(values.size(), 1) {
    for (const std::string& value : values) {
      texts.push_back(value.data());
      lengths.push_back(static_cast<int>(value.size()));
    }
  }

  int count() const { return static_cast<int>(texts.size()); }

  std::vector<const char*> texts;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace

Result<void> check_postgres_url(const std::string& url) {
  char* message = nullptr;
  PQconninfoOption* const options = ::PQconninfoParse(url.c_str(), &message);
  if (options == nullptr) {
    ::PQfreemem(message);
    return base::fail(ErrorKind::invalid_input,
                      "is no URL that PostgreSQL's client library can read; it looks like "
                      "postgresql://user@host:5432/database?sslmode=verify-full");
  }
  bool secret = false;
  for (const PQconninfoOption* one = options; one->keyword != nullptr; ++one) {
    const std::string_view keyword = one->keyword;
    secret = secret || (one->val != nullptr && (keyword == "password" || keyword == "sslpassword"));
  }
  ::PQconninfoFree(options);
  if (!secret) return {};
  return base::fail(ErrorKind::invalid_input,
                    "holds a password; put that into a file and name it in 'password_file'");
}

void Rows::Clear::operator()(pg_result* result) const { ::PQclear(result); }

int Rows::size() const { return ::PQntuples(result_.get()); }

std::int64_t Rows::integer(int row, int column) const {
  std::uint64_t number = 0;
  for (const char byte : text(row, column)) number = number << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(number);
}

std::string Rows::text(int row, int column) const {
  return {::PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(::PQgetlength(result_.get(), row, column))};
}

bool Rows::truth(int row, int column) const { return text(row, column) == std::string(1, '\1'); }

std::string to_value(std::int64_t integer) {
  std::string bytes(8, '\0');
  auto number = static_cast<std::uint64_t>(integer);
  for (std::size_t i = bytes.size(); i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number);
  return bytes;
}

void Connection::Close::operator()(pg_conn* connection) const { ::PQfinish(connection); }

Result<Connection> Connection::open(const PostgresAddress& address, const std::string& name) {
  auto password = address.password();
  if (!password) return tl::unexpected(base::Error{ErrorKind::io, password.error().message});
  const std::string secret(password->reveal());
  // What stands before dbname is a default that the url may change.
  const std::array keywords{"connect_timeout",
                            "keepalives_idle",
                            "keepalives_interval",
                            "keepalives_count",
                            "tcp_user_timeout",
                            "application_name",
                            "dbname",
                            "client_encoding",
                            secret.empty() ? nullptr : "password",
                            static_cast<const char*>(nullptr)};
  const std::array values{"2",
                          "4",
                          "2",
                          "3",
                          "6000",
                          name.c_str(),
                          address.url.c_str(),
                          "UTF8",
                          secret.c_str(),
                          static_cast<const char*>(nullptr)};
  Connection connection(::PQconnectdbParams(keywords.data(), values.data(), 1));
  if (::PQstatus(connection.connection_.get()) != CONNECTION_OK) return connection.failure();
  ::PQsetNoticeProcessor(
      connection.connection_.get(), [](void*, const char*) {}, nullptr);
  ::PQsetnonblocking(connection.connection_.get(), 1);
  if (auto set = connection.query(kSessionSettings); !set) return tl::unexpected(set.error());
  return connection;
}

bool Connection::is_broken() const {
  return silent_ || ::PQstatus(connection_.get()) != CONNECTION_OK;
}

tl::unexpected<base::Error> Connection::failure() {
  if (silent_) {
    return base::fail(ErrorKind::io, fmt::format("the server has not answered for {} seconds",
                                                 kAnswerWithin.count() / 1000));
  }
  return base::fail(ErrorKind::io, one_line(::PQerrorMessage(connection_.get())));
}

tl::unexpected<base::Error> Connection::failure(const Rows& rows) const {
  const pg_result* const result = rows.result();
  const char* const state = ::PQresultErrorField(result, PG_DIAG_SQLSTATE);
  // The primary message holds no values of parameters; the detail might.
  const char* const message = ::PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return base::fail(kind_of(state == nullptr ? "" : state),
                    one_line(message == nullptr ? ::PQresultErrorMessage(result) : message));
}

/// Until there is something to read, or to write if that is wanted.
Result<void> Connection::wait(bool to_write) {
  const short wanted = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
  pollfd socket{::PQsocket(connection_.get()), wanted, 0};
  const auto deadline = std::chrono::steady_clock::now() + kAnswerWithin;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&socket, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      silent_ = true;
      return failure();
    }
    if ((socket.revents & ~POLLOUT) != 0 && ::PQconsumeInput(connection_.get()) == 0)
      return failure();
    return {};
  }
}

/// Sends all that is to be sent, and takes in what comes meanwhile.
Result<void> Connection::flush() {
  unflushed_ = 0;
  for (;;) {
    const int left = ::PQflush(connection_.get());
    if (left < 0) return failure();
    if (left == 0) return {};
    if (auto waited = wait(true); !waited) return waited;
  }
}

/// The next result, of which there may be none.
Result<Rows> Connection::next_result() {
  while (::PQisBusy(connection_.get()) != 0) {
    if (auto waited = wait(false); !waited) return tl::unexpected(waited.error());
  }
  return Rows(::PQgetResult(connection_.get()));
}

/// Of statements that were sent: the last result, or the first error.
Result<Rows> Connection::answer() {
  if (auto flushed = flush(); !flushed) return tl::unexpected(flushed.error());
  Rows last(nullptr);
  Result<void> done;
  for (;;) {
    auto result = next_result();
    if (!result) return result;
    if (result->result() == nullptr) break;
    const ExecStatusType status = ::PQresultStatus(result->result());
    if (done && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) done = failure(*result);
    last = *std::move(result);
  }
  if (!done) return tl::unexpected(done.error());
  return last;
}

Result<Rows> Connection::query(const char* statement, const Values& values) {
  const Parameters parameters(values);
  if (::PQsendQueryParams(connection_.get(), statement, parameters.count(), nullptr,
                          parameters.texts.data(), parameters.lengths.data(),
                          parameters.formats.data(), 1) == 0) {
    return failure();
  }
  return answer();
}

Result<void> Connection::execute(const char* statements) {
  if (::PQsendQuery(connection_.get(), statements) == 0) return failure();
  const auto done = answer();
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> Connection::prepare(const char* name, const char* statement) {
  if (::PQsendPrepare(connection_.get(), name, statement, 0, nullptr) == 0) return failure();
  const auto done = answer();
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<void> Connection::begin_batch() {
  if (::PQenterPipelineMode(connection_.get()) == 0) return failure();
  return {};
}

Result<void> Connection::add(const char* prepared, const Values& values) {
  const Parameters parameters(values);
  if (::PQsendQueryPrepared(connection_.get(), prepared, parameters.count(),
                            parameters.texts.data(), parameters.lengths.data(),
                            parameters.formats.data(), 1) == 0) {
    return failure();
  }
  return ++unflushed_ < kFlushEvery ? Result<void>() : flush();
}

Result<void> Connection::end_batch() {
  if (::PQpipelineSync(connection_.get()) == 0) return failure();
  if (auto flushed = flush(); !flushed) return flushed;
  Result<void> done;
  for (;;) {
    // Between the results of two statements there is none.
    auto result = next_result();
    if (!result) return tl::unexpected(result.error());
    const pg_result* const one = result->result();
    if (one == nullptr) continue;
    const ExecStatusType status = ::PQresultStatus(one);
    if (status == PGRES_PIPELINE_SYNC) break;
    if (done && status == PGRES_FATAL_ERROR) done = failure(*result);
    if (is_broken()) return failure();
  }
  if (::PQexitPipelineMode(connection_.get()) == 0) return failure();
  return done;
}

}  // namespace aka::store
