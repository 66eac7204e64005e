// The format of exporter-toolkit's web configuration, read as strictly as the toolkit does: what it
// refuses is refused here. Entry: read_security().
#include "web/security_settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::web {
namespace {

using base::Fields;
using base::Section;

/// The suites that Go offers; its names are IANA's.
constexpr std::array<std::string_view, 13> kCiphers{
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
};
/// HTTP/2 cannot be without one of these below TLS 1.3 (RFC 9113, 9.2.2).
constexpr std::array<std::string_view, 2> kOfHttp2{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                                   "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};

struct Curve {
  std::string_view name;
  std::string_view openssl;
};
constexpr std::array<Curve, 4> kCurves{
    {{"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}}};

struct HeaderRule {
  std::string_view name;
  std::array<std::string_view, 2> values;  ///< the first one empty: any
};
constexpr std::array<HeaderRule, 5> kHeaders{{{"Strict-Transport-Security", {}},
                                              {"X-Content-Type-Options", {"nosniff", "nosniff"}},
                                              {"X-Frame-Options", {"deny", "sameorigin"}},
                                              {"X-XSS-Protection", {}},
                                              {"Content-Security-Policy", {}}}};

PemSource read_pem(Fields& fields, const std::string& name) {
  PemSource source;
  const std::string file = name + "_file";
  auto text = fields.text(name);
  source.path = fields.path(file).value_or("");
  source.mark = fields.mark_of(fields.has_key(file) ? file : name);
  if (!source.path.empty() && text)
    fields.warning(name,
                   fmt::format("'{}' has no effect beside '{}'; keep one of them", name, file));
  if (source.path.empty() && text) source.text = base::Secret(*std::move(text));
  return source;
}

std::vector<std::string> texts(Fields& fields, std::string_view key) {
  std::vector<std::string> result;
  const Section* list = fields.sequence(key);
  if (list == nullptr) return result;
  for (const Section& item : list->items) {
    if (item.kind == Section::Kind::scalar) {
      result.push_back(item.text);
    } else {
      fields.diagnostics().error(item.mark, fmt::format("'{}' is a list of texts", key));
    }
  }
  return result;
}

std::vector<std::string> read_ciphers(Fields& fields) {
  std::vector<std::string> ciphers = texts(fields, "cipher_suites");
  for (const std::string& cipher : ciphers) {
    if (std::ranges::find(kCiphers, cipher) != kCiphers.end()) continue;
    fields.error("cipher_suites", fmt::format("there is no cipher suite '{}'; there are {}",
                                              base::shown(cipher), fmt::join(kCiphers, ", ")));
  }
  return ciphers;
}

std::vector<std::string> read_curves(Fields& fields) {
  std::vector<std::string> curves;
  for (const std::string& name : texts(fields, "curve_preferences")) {
    const auto curve = std::ranges::find(kCurves, name, &Curve::name);
    if (curve != kCurves.end()) {
      curves.emplace_back(curve->openssl);
    } else {
      fields.error("curve_preferences",
                   fmt::format("there is no curve '{}'; there are CurveP256, CurveP384, CurveP521 "
                               "and X25519",
                               base::shown(name)));
    }
  }
  return curves;
}

TlsVersion read_version(Fields& fields, std::string_view key, TlsVersion otherwise) {
  const auto name = fields.choice(key, {"TLS10", "TLS11", "TLS12", "TLS13"});
  if (name == "TLS10") return TlsVersion::tls10;
  if (name == "TLS11") return TlsVersion::tls11;
  if (name == "TLS12") return TlsVersion::tls12;
  return name == "TLS13" ? TlsVersion::tls13 : otherwise;
}

ClientAuth read_client_auth(Fields& fields) {
  const auto name =
      fields.choice("client_auth_type",
                    {"NoClientCert", "RequestClientCert", "RequireAnyClientCert",
                     "RequireClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"});
  if (name == "RequestClientCert") return ClientAuth::request;
  if (name == "RequireAnyClientCert" || name == "RequireClientCert") return ClientAuth::require_any;
  if (name == "VerifyClientCertIfGiven") return ClientAuth::verify_if_given;
  return name == "RequireAndVerifyClientCert" ? ClientAuth::require_and_verify : ClientAuth::none;
}

void check_clients(Fields& fields, const TlsSettings& tls) {
  const bool verifies = tls.client_auth == ClientAuth::verify_if_given ||
                        tls.client_auth == ClientAuth::require_and_verify;
  if (tls.client_ca.named() && tls.client_auth == ClientAuth::none) {
    fields.diagnostics().error(
        tls.client_ca.mark,
        "an authority for clients has no effect without 'client_auth_type'; set it to "
        "RequireAndVerifyClientCert");
  } else if (tls.client_ca.named() && !verifies) {
    fields.warning("client_auth_type",
                   "this type takes any certificate, whoever signed it; RequireAndVerifyClientCert "
                   "takes those of 'client_ca_file' alone");
  } else if (!tls.client_ca.named() && verifies) {
    fields.warning("client_auth_type",
                   "without 'client_ca_file' clients are verified against the system's anchors");
  }
  if (!tls.allowed_sans.empty() && tls.client_auth == ClientAuth::none) {
    fields.warning("client_allowed_sans",
                   "this has no effect, because no client is asked for a certificate; set "
                   "'client_auth_type' to RequireAndVerifyClientCert");
  }
}

void check_versions(Fields& fields, const TlsSettings& tls) {
  if (tls.least > tls.most)
    fields.error("min_version", "'min_version' is above 'max_version', so no client can connect");
  if (tls.least < TlsVersion::tls12)
    fields.warning("min_version", "versions of TLS below 1.2 are broken; use TLS12");
}

std::optional<TlsSettings> read_tls(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'tls_server_config'", diagnostics);
  TlsSettings tls;
  tls.mark = section.mark;
  tls.certificate = read_pem(fields, "cert");
  tls.key = read_pem(fields, "key");
  tls.client_ca = read_pem(fields, "client_ca");
  tls.client_auth = read_client_auth(fields);
  tls.allowed_sans = texts(fields, "client_allowed_sans");
  tls.least = read_version(fields, "min_version", tls.least);
  tls.most = read_version(fields, "max_version", tls.most);
  tls.ciphers = read_ciphers(fields);
  tls.server_chooses_cipher =
      fields.boolean("prefer_server_cipher_suites").value_or(tls.server_chooses_cipher);
  tls.curves = read_curves(fields);
  fields.finish();
  const bool meant = tls.certificate.named() || tls.key.named() || tls.client_ca.named() ||
                     fields.has_key("client_auth_type");
  if (!meant) return std::nullopt;
  if (!tls.certificate.named())
    fields.missing("cert_file", "the server's certificate (PEM), or 'cert', the same in place");
  if (!tls.key.named())
    fields.missing("key_file", "the certificate's key (PEM), or 'key', the same in place");
  check_clients(fields, tls);
  check_versions(fields, tls);
  return tls;
}

void read_header(const Section::Entry& entry, SecuritySettings& settings,
                 base::Diagnostics& diagnostics) {
  const auto rule = std::ranges::find(kHeaders, entry.key, &HeaderRule::name);
  if (rule == kHeaders.end()) {
    diagnostics.error(entry.mark,
                      fmt::format("the header '{}' cannot be set; those that can are "
                                  "Strict-Transport-Security, X-Content-Type-Options, "
                                  "X-Frame-Options, X-XSS-Protection, Content-Security-Policy",
                                  base::shown(entry.key)));
    return;
  }
  const std::string& value = entry.value.text;
  const bool printable =
      std::ranges::all_of(value, [](char symbol) { return symbol >= ' ' && symbol != '\x7f'; });
  if (entry.value.kind == Section::Kind::null || value.empty()) return;
  if (entry.value.kind != Section::Kind::scalar || !printable) {
    diagnostics.error(entry.value.mark, fmt::format("'{}' must be one line of text", entry.key));
  } else if (!rule->values[0].empty() &&
             std::ranges::find(rule->values, value) == rule->values.end()) {
    diagnostics.error(entry.value.mark,
                      fmt::format("'{}' must be {}, not '{}'", entry.key,
                                  rule->values[0] == rule->values[1]
                                      ? std::string(rule->values[0])
                                      : fmt::format("{} or {}", rule->values[0], rule->values[1]),
                                  base::shown(value)));
  } else {
    settings.headers.emplace_back(entry.key, value);
  }
}

void read_http(const Section& section, SecuritySettings& settings, base::Diagnostics& diagnostics) {
  Fields fields(section, "'http_server_config'", diagnostics);
  // HTTP/2 is not spoken, which every client that offers it also takes.
  const bool http2 = fields.boolean("http2").value_or(true);
  if (const Section* headers = fields.mapping("headers")) {
    for (const Section::Entry& entry : headers->entries) read_header(entry, settings, diagnostics);
  }
  fields.finish();
  if (!settings.tls || settings.tls->ciphers.empty() || !http2 ||
      settings.tls->least == TlsVersion::tls13)
    return;
  if (std::ranges::find_first_of(settings.tls->ciphers, kOfHttp2) == settings.tls->ciphers.end()) {
    diagnostics.error(settings.tls->mark,
                      fmt::format("'cipher_suites' lacks what HTTP/2 needs; add {} or {}, or set "
                                  "'http2: false' in 'http_server_config'",
                                  kOfHttp2[0], kOfHttp2[1]));
  }
}

/// The cost of a bcrypt hash of one of the forms $2a$, $2b$, $2y$; 0 if it is none.
int bcrypt_cost(std::string_view hash) {
  const auto is_letter = [](char symbol) {
    return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
           (symbol >= '.' && symbol <= '9');
  };
  if (hash.size() != 60 || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$') return 0;
  if (std::string_view("aby").find(hash[2]) == std::string_view::npos) return 0;
  int cost = 0;
  const auto [end, error] = std::from_chars(hash.data() + 4, hash.data() + 6, cost);
  const bool whole = error == std::errc() && end == hash.data() + 6 && cost >= 4 && cost <= 31;
  return whole && std::ranges::all_of(hash.substr(7), is_letter) ? cost : 0;
}

void read_users(const Section& section, Users& users, base::Diagnostics& diagnostics) {
  constexpr int kDear = 14;
  for (const Section::Entry& entry : section.entries) {
    const int cost = bcrypt_cost(entry.value.text);
    if (entry.key.find(':') != std::string::npos) {
      diagnostics.error(entry.mark, "a user's name cannot hold ':', which ends it in a request");
    } else if (cost == 0) {
      diagnostics.error(entry.value.mark,
                        fmt::format("the password of '{}' must be a bcrypt hash, as `htpasswd -nBC "
                                    "10 {}` prints it after the ':'",
                                    base::shown(entry.key), base::shown(entry.key)));
    } else {
      users.emplace(entry.key, entry.value.text);
      if (cost > kDear) {
        diagnostics.warning(
            entry.value.mark,
            fmt::format("a hash of cost {} takes seconds of CPU for each new password; 10 to 12 "
                        "is common",
                        cost));
      }
    }
  }
}

std::optional<RateLimit> read_rate_limit(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'rate_limit'", diagnostics);
  const Section* interval = fields.any("interval");
  const bool off = interval == nullptr || interval->text == "0";
  RateLimit limit;
  limit.burst = fields.integer("burst", 0, 1'000'000).value_or(0);
  if (!off)
    limit.interval =
        fields.duration("interval", {}, std::chrono::hours(24)).value_or(limit.interval);
  fields.finish();
  return limit.interval.count() > 0 ? std::optional(limit) : std::nullopt;
}

}  // namespace

SecuritySettings read_security(const Section& root, base::Diagnostics& diagnostics) {
  Fields fields(root, "the web configuration", diagnostics);
  SecuritySettings settings;
  if (const Section* tls = fields.mapping("tls_server_config"))
    settings.tls = read_tls(*tls, diagnostics);
  const Section* http = fields.mapping("http_server_config");
  read_http(http != nullptr ? *http : Section(), settings, diagnostics);
  if (const Section* users = fields.mapping("basic_auth_users"))
    read_users(*users, settings.users, diagnostics);
  if (const Section* limit = fields.mapping("rate_limit"))
    settings.rate_limit = read_rate_limit(*limit, diagnostics);
  fields.finish();
  return settings;
}

}  // namespace aka::web
