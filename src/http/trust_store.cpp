// Builds the one OpenSSL context that all connections with the same anchors share.
#include "http/trust_store.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "http/openssl_reason.h"

namespace aka::http {
namespace {

using base::ErrorKind;
using base::fail;

base::Result<void> show_certificate(SSL_CTX* context, const ClientCertificate& client) {
  // Without a way to ask for it, a key under a passphrase is an error instead of a prompt.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context, client.cert_file.c_str()) != 1) {
    return fail(ErrorKind::invalid_input,
                fmt::format("cannot load the client certificate from '{}': {}; it must be a "
                            "readable PEM file, the certificate before its issuers",
                            client.cert_file, openssl_reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(context, client.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(ErrorKind::invalid_input,
                fmt::format("cannot load the key of the client certificate from '{}': {}; it must "
                            "be a readable PEM file without a passphrase, the key of '{}'",
                            client.key_file, openssl_reason(), client.cert_file));
  }
  return {};
}

}  // namespace

base::Result<std::shared_ptr<const TrustStore>> TrustStore::load(
    const std::optional<std::string>& ca_file, const std::optional<ClientCertificate>& client,
    Proof proof) {
  ERR_clear_error();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) {
    return fail(ErrorKind::internal, fmt::format("cannot set up TLS: {}", openssl_reason()));
  }
  const std::shared_ptr<const TrustStore> store(new TrustStore(context));
  SSL_CTX_set_verify(context, proof == Proof::required ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // A kept connection that is idle then holds no buffers (34 kB each).
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  // One recv(2) takes a record whole instead of its header first.
  SSL_CTX_set_read_ahead(context, 1);
  if (SSL_CTX_set_default_verify_paths(context) != 1) {
    return fail(ErrorKind::io,
                fmt::format("cannot load the system's trust anchors: {}", openssl_reason()));
  }
  if (ca_file && SSL_CTX_load_verify_file(context, ca_file->c_str()) != 1) {
    return fail(ErrorKind::invalid_input,
                fmt::format("cannot load trust anchors from '{}': {}; it must be a readable PEM "
                            "file with at least one certificate",
                            *ca_file, openssl_reason()));
  }
  if (client) {
    if (auto shown = show_certificate(context, *client); !shown) {
      return tl::unexpected(std::move(shown.error()));
    }
  }
  return store;
}

TrustStore::~TrustStore() { SSL_CTX_free(context_); }

}  // namespace aka::http
