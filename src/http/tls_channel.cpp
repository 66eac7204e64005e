// A Channel over TLS: OpenSSL on a non-blocking socket, every operation tried first and waited for
// by wait_for() when OpenSSL says what it lacks. OpenSSL's own socket BIO writes with write(2),
// which raises SIGPIPE, so the bytes pass through a BIO of ours.
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "http/channel.h"
#include "http/openssl_reason.h"

namespace aka::http {
namespace {

struct SocketState {
  int descriptor;
  bool ended = false;
};

SocketState& state_of(BIO* bio) { return *static_cast<SocketState*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  auto& state = state_of(bio);
  const auto received = ::recv(state.descriptor, into, static_cast<std::size_t>(size), 0);
  if (received < 0 && would_block(errno)) BIO_set_retry_read(bio);
  if (received == 0) state.ended = true;
  return static_cast<int>(received);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent =
      ::send(state_of(bio).descriptor, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && would_block(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return state_of(bio).ended ? 1 : 0;
  return 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, bio_read);
  BIO_meth_set_write(method, bio_write);
  BIO_meth_set_ctrl(method, bio_control);
  return method;
}

/// Made once and kept until the process ends, as OpenSSL asks of its methods.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = make_socket_method();
  return method;
}

bool is_numeric(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> unused{};
  return ::inet_pton(AF_INET, host.c_str(), unused.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), unused.data()) == 1;
}

/// Whom the certificate must be for; a name also goes into the hello (SNI), an address must not.
bool expect_peer(SSL* ssl, const std::string& host) {
  if (is_numeric(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::string sni = host;  // SSL_set_tlsext_host_name() is this with a cast that warns
  return SSL_set1_host(ssl, host.c_str()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data()) == 1;
}

tl::unexpected<TransportError> fault(Failure failure, std::string message) {
  return tl::unexpected(TransportError{failure, 0, std::move(message)});
}

class TlsChannel final : public Channel {
 public:
  explicit TlsChannel(Descriptor socket) : socket_(std::move(socket)), state_{socket_.get()} {}

  ~TlsChannel() override {
    // Says goodbye where that needs no waiting. A broken session must not be shut down.
    if (established_ && !broken_) SSL_shutdown(ssl_);
    ERR_clear_error();
    SSL_free(ssl_);
  }
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  Status handshake(const Origin& origin, const TrustStore& trust, const Until& until);
  Count read(char* into, std::size_t size, const Until& until) override;
  Status write(std::string_view bytes, const Until& until) override;
  bool is_quiet() override;

 private:
  template <typename Operation>
  Count drive(Operation operation, const Until& until, std::string_view doing);
  tl::unexpected<TransportError> explain(int kind, int error);
  TransportError explain_handshake(TransportError error, const Origin& origin) const;

  Descriptor socket_;
  SocketState state_;
  SSL* ssl_ = nullptr;
  bool established_ = false;
  bool broken_ = false;
  bool asked_ = false;  ///< something was sent, and nothing read since
};

/// Repeats the operation until it is done, waiting for the socket as OpenSSL asks.
template <typename Operation>
Count TlsChannel::drive(Operation operation, const Until& until, std::string_view doing) {
  for (;;) {
    if (auto time = still_time(until, doing); !time) return tl::unexpected(time.error());
    ERR_clear_error();
    const int done = operation();
    const int error = errno;
    if (done > 0) return static_cast<std::size_t>(done);
    const int kind = SSL_get_error(ssl_, done);
    if (kind == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) return explain(kind, error);
    const short events = kind == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (auto ready = wait_for(socket_.get(), events, until, doing); !ready) {
      return tl::unexpected(ready.error());
    }
  }
}

/// A peer that just went away is a broken connection, anything else a failure of TLS.
tl::unexpected<TransportError> TlsChannel::explain(int kind, int error) {
  broken_ = true;
  if (state_.ended) {
    return fault(Failure::connect, "the server closed the connection without ending TLS");
  }
  if (kind == SSL_ERROR_SYSCALL) {
    return fault(Failure::connect,
                 fmt::format("the connection broke: {}", std::generic_category().message(error)));
  }
  return fault(Failure::tls, fmt::format("TLS failed: {}", openssl_reason()));
}

Status TlsChannel::handshake(const Origin& origin, const TrustStore& trust, const Until& until) {
  ssl_ = SSL_new(trust.context());
  BIO_METHOD* method = socket_method();
  BIO* bio = method == nullptr ? nullptr : BIO_new(method);
  if (ssl_ == nullptr || bio == nullptr || !expect_peer(ssl_, origin.host)) {
    BIO_free(bio);
    return fault(Failure::tls, fmt::format("cannot prepare TLS: {}", openssl_reason()));
  }
  BIO_set_data(bio, &state_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  const auto done = drive([this] { return SSL_connect(ssl_); }, until, "in the TLS handshake");
  if (!done) return tl::unexpected(explain_handshake(done.error(), origin));
  if (*done == 0) return fault(Failure::tls, "the server ended TLS during the handshake");
  established_ = true;
  return {};
}

TransportError TlsChannel::explain_handshake(TransportError error, const Origin& origin) const {
  if (error.failure == Failure::timeout || error.failure == Failure::stopped) return error;
  error.failure = Failure::tls;
  const long verdict = SSL_get_verify_result(ssl_);
  if (verdict == X509_V_OK) {
    error.message.insert(0, "TLS handshake: ");
    return error;
  }
  error.message = fmt::format("the certificate for {} does not verify: {}", origin.host,
                              X509_verify_cert_error_string(verdict));
  const bool unknown_issuer = verdict == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                              verdict == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
                              verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
  if (unknown_issuer) error.message += "; if its issuer is to be trusted, name it in ca_file";
  return error;
}

Count TlsChannel::read(char* into, std::size_t size, const Until& until) {
  // As over a plain socket: what was asked is not answered at once.
  if (std::exchange(asked_, false) && SSL_has_pending(ssl_) == 0) {
    if (auto ready = wait_for(socket_.get(), POLLIN, until, "waiting for the answer"); !ready) {
      return tl::unexpected(ready.error());
    }
  }
  const int most = static_cast<int>(size);
  return drive([=, this] { return SSL_read(ssl_, into, most); }, until, "waiting for the answer");
}

Status TlsChannel::write(std::string_view bytes, const Until& until) {
  if (bytes.empty()) return {};
  asked_ = true;
  const int size = static_cast<int>(bytes.size());
  const auto done = drive([=, this] { return SSL_write(ssl_, bytes.data(), size); }, until,
                          "sending the request");
  if (!done) return tl::unexpected(done.error());
  // Without partial writes a success is all of it; 0 means that the peer has ended the session.
  if (*done == 0) return fault(Failure::connect, "the server closed the connection");
  return {};
}

bool TlsChannel::is_quiet() {
  ERR_clear_error();
  // Also digests session tickets, which arrive unasked and mean nothing.
  char unused = 0;
  const int done = SSL_peek(ssl_, &unused, 1);
  const int kind = SSL_get_error(ssl_, done);
  if (kind == SSL_ERROR_SSL || kind == SSL_ERROR_SYSCALL) broken_ = true;
  return done <= 0 && kind == SSL_ERROR_WANT_READ;
}

}  // namespace

tl::expected<std::unique_ptr<Channel>, TransportError> tls_channel(Descriptor socket,
                                                                   const Origin& origin,
                                                                   const TrustStore& trust,
                                                                   const Until& until) {
  auto channel = std::make_unique<TlsChannel>(std::move(socket));
  if (auto done = channel->handshake(origin, trust, until); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  return channel;
}

}  // namespace aka::http
