#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace aka::testing {

/// A certificate with its key, both PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

/// Validity relative to now; a negative end has expired.
struct Validity {
  int first_day = -1;
  int last_day = 1;
};

/// A certificate authority made on the spot. `names` are what OpenSSL's subjectAltName takes:
/// "DNS:localhost,IP:127.0.0.1".
class Authority {
 public:
  explicit Authority(const std::string& name);

  const std::string& certificate() const { return pem_; }  ///< PEM
  Identity issue(const std::string& names, Validity validity = {}) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string pem_;
};

/// A server certificate that vouches for itself.
Identity self_signed(const std::string& names);

}  // namespace aka::testing
