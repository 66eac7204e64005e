// TLS settings as an OpenSSL context. Entry: make_tls_context(). Where Go and OpenSSL differ, Go's
// ways win, since the settings are Go's: an authority need not be self-signed, and a client whose
// certificate is not to be verified may show any.
#include "web/tls_context.h"

#include <arpa/inet.h>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/redaction.h"

namespace aka::web {
namespace {

constexpr const char* kDefaultCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

std::string reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* const text = ERR_reason_error_string(error);
  ERR_clear_error();
  return text != nullptr ? text : "OpenSSL gives no reason";
}

/// What decides about a client's certificate; as old as its context.
struct Admission {
  bool verify = false;
  std::vector<std::string> allowed_sans;
};

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_of(const ASN1_OCTET_STRING* octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(octets) != 16) return {};
  ::inet_ntop(family, ASN1_STRING_get0_data(octets), text.data(), text.size());
  return text.data();
}

std::string san_of(const GENERAL_NAME* name) {
  switch (name->type) {
    case GEN_DNS:
      return text_of(name->d.dNSName);
    case GEN_EMAIL:
      return text_of(name->d.rfc822Name);
    case GEN_URI:
      return text_of(name->d.uniformResourceIdentifier);
    case GEN_IPADD:
      return address_of(name->d.iPAddress);
    default:
      return {};
  }
}

bool has_allowed_san(const X509* certificate, const std::vector<std::string>& allowed) {
  const std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string san = san_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!san.empty() && std::find(allowed.begin(), allowed.end(), san) != allowed.end())
      return true;
  }
  return false;
}

int admit(X509_STORE_CTX* client, void* admission) {
  const auto& rule = *static_cast<const Admission*>(admission);
  if (rule.verify && X509_verify_cert(client) != 1) return 0;
  if (rule.allowed_sans.empty()) return 1;
  if (has_allowed_san(X509_STORE_CTX_get0_cert(client), rule.allowed_sans)) return 1;
  X509_STORE_CTX_set_error(client, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

/// An encrypted key is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

class Builder {
 public:
  Builder(const TlsSettings& settings, base::Diagnostics& diagnostics)
      : settings_(settings),
        diagnostics_(diagnostics),
        admission_(std::make_shared<Admission>()),
        context_(SSL_CTX_new(TLS_server_method()),
                 // The rule goes when the last session of the context has gone.
                 [rule = admission_](SSL_CTX* context) { SSL_CTX_free(context); }) {}

  std::shared_ptr<SSL_CTX> build() {
    ERR_clear_error();
    if (!context_) {
      complain(settings_.mark, "cannot make a TLS context: " + reason());
      return nullptr;
    }
    set_protocol();
    const bool shown = use_certificate();
    use_key(shown);
    ask_clients();
    return sound_ ? context_ : nullptr;
  }

 private:
  void complain(const base::Mark& mark, std::string message) {
    diagnostics_.error(mark, std::move(message));
    sound_ = false;
  }

  static int number_of(TlsVersion version) {
    switch (version) {
      case TlsVersion::tls10:
        return TLS1_VERSION;
      case TlsVersion::tls11:
        return TLS1_1_VERSION;
      case TlsVersion::tls12:
        return TLS1_2_VERSION;
      case TlsVersion::tls13:
        return TLS1_3_VERSION;
    }
    return TLS1_2_VERSION;
  }

  void set_protocol() {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    if (settings_.server_chooses_cipher)
      SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    // A connection that is idle then holds no buffers (34 kB each).
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // The hashes of old versions are below the level that is the default.
    if (settings_.least < TlsVersion::tls12) SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, number_of(settings_.least));
    SSL_CTX_set_max_proto_version(context, number_of(settings_.most));
    if (!set_ciphers()) complain(settings_.mark, "cannot use these cipher suites: " + reason());
    std::string curves;
    for (const std::string& curve : settings_.curves) curves += (curves.empty() ? "" : ":") + curve;
    if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.c_str()) != 1)
      complain(settings_.mark, "cannot use these curves: " + reason());
  }

  /// Those of TLS 1.3 cannot be chosen, as in Go; if there are no others, older versions are off.
  bool set_ciphers() {
    std::string list;
    for (const std::string& cipher : settings_.ciphers) {
      const std::string_view of_13[] = {"TLS_AES_", "TLS_CHACHA20_"};
      if (cipher.starts_with(of_13[0]) || cipher.starts_with(of_13[1])) continue;
      list += (list.empty() ? "" : ":") + std::string(OPENSSL_cipher_name(cipher.c_str()));
    }
    if (list.empty() && !settings_.ciphers.empty())
      return SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION) == 1;
    return SSL_CTX_set_cipher_list(context_.get(), list.empty() ? kDefaultCiphers : list.c_str()) ==
           1;
  }

  Bio open(const PemSource& source, std::string_view what) {
    if (source.path.empty()) {
      const std::string_view text = source.text.reveal();
      return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    }
    std::error_code failure;
    const auto status = std::filesystem::status(source.path, failure);
    errno = 0;
    Bio file(std::filesystem::is_regular_file(status) ? BIO_new_file(source.path.c_str(), "r")
                                                      : nullptr);
    if (file) return file;
    ERR_clear_error();
    const std::string why = failure      ? failure.message()
                            : errno != 0 ? std::generic_category().message(errno)
                                         : "this is no regular file";
    complain(source.mark,
             fmt::format("cannot read {} {}: {}", what, base::shown(source.path), why));
    return nullptr;
  }

  bool use_certificate() {
    const Bio pem = open(settings_.certificate, "the certificate");
    if (!pem) return false;
    const Certificate own(PEM_read_bio_X509_AUX(pem.get(), nullptr, no_passphrase, nullptr));
    if (!own || SSL_CTX_use_certificate(context_.get(), own.get()) != 1) {
      complain(settings_.certificate.mark, "this holds no usable certificate in PEM: " + reason());
      return false;
    }
    while (Certificate next{PEM_read_bio_X509(pem.get(), nullptr, no_passphrase, nullptr)}) {
      if (SSL_CTX_add0_chain_cert(context_.get(), next.get()) == 1)
        static_cast<void>(next.release());
    }
    ERR_clear_error();
    return true;
  }

  void use_key(bool certificate_is_used) {
    const Bio pem = open(settings_.key, "the key");
    if (!pem) return;
    const Key key(PEM_read_bio_PrivateKey(pem.get(), nullptr, no_passphrase, nullptr));
    if (!key) {
      complain(settings_.key.mark,
               "this holds no usable key in PEM (it must not be encrypted): " + reason());
    } else if (certificate_is_used && (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 ||
                                       SSL_CTX_check_private_key(context_.get()) != 1)) {
      complain(settings_.key.mark, "the key does not belong to the certificate: " + reason());
    }
  }

  void ask_clients() {
    const ClientAuth auth = settings_.client_auth;
    if (auth == ClientAuth::none) return;
    admission_->verify =
        auth == ClientAuth::verify_if_given || auth == ClientAuth::require_and_verify;
    admission_->allowed_sans = settings_.allowed_sans;
    const bool must = auth == ClientAuth::require_any || auth == ClientAuth::require_and_verify ||
                      !settings_.allowed_sans.empty();
    SSL_CTX_set_verify(context_.get(),
                       SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    SSL_CTX_set_cert_verify_callback(context_.get(), admit, admission_.get());
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context_.get()), X509_V_FLAG_PARTIAL_CHAIN);
    if (settings_.client_ca.named()) {
      believe_authorities();
    } else {
      SSL_CTX_set_default_verify_paths(context_.get());
    }
  }

  void believe_authorities() {
    const Bio pem = open(settings_.client_ca, "the authorities of clients");
    if (!pem) return;
    int count = 0;
    while (const Certificate next{PEM_read_bio_X509(pem.get(), nullptr, no_passphrase, nullptr)}) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), next.get());
      SSL_CTX_add_client_CA(context_.get(), next.get());
      ++count;
    }
    ERR_clear_error();
    if (count == 0) complain(settings_.client_ca.mark, "this holds no certificate in PEM");
  }

  const TlsSettings& settings_;
  base::Diagnostics& diagnostics_;
  std::shared_ptr<Admission> admission_;
  std::shared_ptr<SSL_CTX> context_;
  bool sound_ = true;
};

}  // namespace

std::shared_ptr<ssl_ctx_st> make_tls_context(const TlsSettings& settings,
                                             base::Diagnostics& diagnostics) {
  return Builder(settings, diagnostics).build();
}

}  // namespace aka::web
