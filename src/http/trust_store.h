#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace aka::http {

/// Whom we are to servers that ask: two PEM files, the certificate with its chain, and its key.
struct ClientCertificate {
  std::string cert_file;
  std::string key_file;
};

/// Whether a server has to prove that it is the one that was asked for. Without the proof what it
/// says must not matter, and nothing secret may be sent to it.
enum class Proof { required, waived };

/// Which certificates are believed: the system's anchors plus those of a file; and which one of
/// ours is shown. Make one for each such set and share it; what it holds is loaded once, and any
/// number of threads may use it.
class TrustStore {
 public:
  /// `ca_file`: PEM, one or more certificates. The system's anchors are OpenSSL's defaults, which
  /// SSL_CERT_FILE and SSL_CERT_DIR replace.
  static base::Result<std::shared_ptr<const TrustStore>> load(
      const std::optional<std::string>& ca_file,
      const std::optional<ClientCertificate>& client = std::nullopt, Proof proof = Proof::required);

  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  /// OpenSSL's context: TLS 1.2 or newer, verification on. Sessions made from it keep it alive.
  ssl_ctx_st* context() const { return context_; }

 private:
  explicit TrustStore(ssl_ctx_st* context) : context_(context) {}

  ssl_ctx_st* context_;
};

}  // namespace aka::http
