// Makes P-256 certificates in memory, so that no test depends on files that expire.
#include "support/certificates.h"

#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace aka::testing {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL cannot make a test certificate");
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  require(key != nullptr);
  return key;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& name, EVP_PKEY* key, Validity validity) {
  static long serial = 1000;
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), validity.first_day, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), validity.last_day, 0, nullptr);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8, text,
                             -1, -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

template <typename Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  require(write(memory.get()) == 1);
  const char* bytes = nullptr;
  const auto size = BIO_ctrl(memory.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&bytes));
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return to_pem([=](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return to_pem([=](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void issue_for(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, issuer_key, EVP_sha256()) != 0);
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(make_key()), certificate_(make_certificate(name, key_.get(), {-30, 30})) {
  add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_.get(), NID_key_usage, "critical,keyCertSign");
  issue_for(certificate_.get(), certificate_.get(), key_.get());
  pem_ = pem_of(certificate_.get());
}

Identity Authority::issue(const std::string& names, Validity validity) const {
  const Key key = make_key();
  const auto leaf = make_certificate("test server", key.get(), validity);
  add_extension(leaf.get(), NID_subject_alt_name, names);
  issue_for(leaf.get(), certificate_.get(), key_.get());
  return {pem_of(leaf.get()), pem_of(key.get())};
}

Identity self_signed(const std::string& names) {
  const Key key = make_key();
  const auto leaf = make_certificate("test server", key.get(), {});
  add_extension(leaf.get(), NID_subject_alt_name, names);
  issue_for(leaf.get(), leaf.get(), key.get());
  return {pem_of(leaf.get()), pem_of(key.get())};
}

}  // namespace aka::testing
