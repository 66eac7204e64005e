#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/duration.h"
#include "base/secret.h"
#include "base/section.h"

namespace aka::web {

/// The file that Prometheus's exporters take as --web.config.file, as far as it says how a listener
/// is secured. Facts: github.com/prometheus/exporter-toolkit, docs/web-configuration.md.

/// Texts in PEM: a file, or in place.
struct PemSource {
  std::string path;  ///< ready to open; empty: `text` counts
  base::Secret text;
  base::Mark mark;

  bool named() const { return !path.empty() || !text.empty(); }
};

/// What is asked of a client's certificate, as Go's crypto/tls has it.
enum class ClientAuth { none, request, require_any, verify_if_given, require_and_verify };

enum class TlsVersion { tls10, tls11, tls12, tls13 };

struct TlsSettings {
  PemSource certificate;  ///< with its chain
  PemSource key;
  PemSource client_ca;  ///< not named: the system's anchors
  ClientAuth client_auth = ClientAuth::none;
  std::vector<std::string> allowed_sans;  ///< a client's certificate has one of them; empty: any
  TlsVersion least = TlsVersion::tls12;
  TlsVersion most = TlsVersion::tls13;
  std::vector<std::string> ciphers;  ///< IANA's names, for TLS 1.2 and older; empty: the default
  bool server_chooses_cipher = true;
  std::vector<std::string> curves;  ///< OpenSSL's names; empty: the default
  base::Mark mark;
};

/// At most `burst` requests at once, and then one each `interval`.
struct RateLimit {
  base::Duration interval{};
  long long burst = 0;
};

using Users = std::map<std::string, std::string, std::less<>>;  ///< name to bcrypt hash

struct SecuritySettings {
  std::optional<TlsSettings> tls;  ///< nothing: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;
  Users users;  ///< none: everybody
  std::optional<RateLimit> rate_limit;
};

/// Reads such a file. Problems are reported; files that it names are not opened. No hash and no key
/// is repeated in a message.
SecuritySettings read_security(const base::Section& root, base::Diagnostics& diagnostics);

}  // namespace aka::web
