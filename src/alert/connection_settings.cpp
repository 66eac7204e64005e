// The connection settings that every kind of receiver has. Entry point: read_connection().
#include "alert/connection_settings.h"

#include <utility>

#include <fmt/format.h>

namespace aka::alert {
namespace {

using base::Fields;
using base::Need;
using base::Section;

std::optional<BasicAuth> read_basic_auth(Fields& receiver) {
  const Section* section = receiver.mapping("basic_auth");
  if (section == nullptr) return std::nullopt;
  Fields fields(*section, fmt::format("'basic_auth' of {}", receiver.what()),
                receiver.diagnostics());
  auto username = fields.text("username");
  if (!username && !fields.has_key("username")) fields.missing("username");
  if (username && username->find(':') != std::string::npos) {
    fields.error("username", fmt::format("'username' of {} may not hold ':'", fields.what()));
    username.reset();
  }
  auto password = base::secret_field(fields, "password", Need::required);
  fields.finish();
  if (!username || !password) return std::nullopt;
  return BasicAuth{std::move(*username), std::move(*password)};
}

}  // namespace

ConnectionSettings read_connection(Fields& receiver) {
  ConnectionSettings connection;
  connection.ca_file = receiver.path("ca_file").value_or("");
  connection.cert_file = receiver.path("cert_file").value_or("");
  connection.key_file = receiver.path("key_file").value_or("");
  for (const char* file : {"key_file", "cert_file", "ca_file"}) {
    if (receiver.has_key(file)) connection.tls_mark = receiver.mark_of(file);
  }
  if (connection.cert_file.empty() != connection.key_file.empty()) {
    const char* const given = connection.cert_file.empty() ? "key_file" : "cert_file";
    receiver.error(given,
                   fmt::format("{} needs 'cert_file' and 'key_file' together", receiver.what()));
  }
  connection.basic_auth = read_basic_auth(receiver);
  connection.bearer_token = base::secret_field(receiver, "bearer_token", Need::optional);
  if (receiver.has_key("basic_auth") && connection.bearer_token) {
    receiver.error("basic_auth", fmt::format("{} has 'basic_auth' and a bearer token; keep one of "
                                             "them",
                                             receiver.what()));
  }
  return connection;
}

}  // namespace aka::alert
