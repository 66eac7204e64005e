// Raw sockets and blocking OpenSSL, so that a script can break every rule that a client relies on.
#include "support/loopback_server.h"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <csignal>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace aka::testing {
namespace {

/// OpenSSL writes with write(2); a client that has left must not end the tests.
void block_sigpipe() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

SSL_CTX* make_context(const Identity& identity, int newest_version) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_max_proto_version(context, newest_version);
  // So that a test may play a server too old for today.
  SSL_CTX_set_security_level(context, 0);
  const auto read = [](const std::string& pem) {
    return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  };
  BIO* certificate_pem = read(identity.certificate);
  BIO* key_pem = read(identity.key);
  X509* certificate = PEM_read_bio_X509(certificate_pem, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_pem, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_pem);
  BIO_free(key_pem);
  return context;
}

std::size_t announced_length(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const auto at = head.find(kName);
  std::size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  }
  return length;
}

}  // namespace

Peer::~Peer() {
  SSL_free(ssl_);
  ::close(descriptor_);
}

bool Peer::start_tls(const Identity& identity) { return start_tls(identity, TLS1_3_VERSION); }

bool Peer::start_tls(const Identity& identity, int newest_version) {
  SSL_CTX* context = make_context(identity, newest_version);
  ssl_ = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set_fd(ssl_, descriptor_);
  return SSL_accept(ssl_) == 1;
}

bool Peer::start_tls_for(const Identity& identity, const std::string& authority) {
  SSL_CTX* context = make_context(identity, TLS1_3_VERSION);
  BIO* pem = BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size()));
  X509* certificate = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(pem);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ssl_ = SSL_new(context);
  SSL_CTX_free(context);
  SSL_set_fd(ssl_, descriptor_);
  return SSL_accept(ssl_) == 1;
}

std::string Peer::server_name() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string Peer::receive() {
  std::array<char, 16384> buffer{};
  const auto count = ssl_ != nullptr
                         ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                         : ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string();
}

std::string Peer::read_request() {
  for (;;) {
    const auto end = unread_.find("\r\n\r\n");
    if (end != std::string::npos) {
      const auto size = end + 4 + announced_length(std::string_view(unread_).substr(0, end));
      if (unread_.size() >= size) {
        auto request = unread_.substr(0, size);
        unread_.erase(0, size);
        return request;
      }
    }
    const auto more = receive();
    if (more.empty()) return {};
    unread_ += more;
  }
}

bool Peer::send(std::string_view bytes) {
  if (ssl_ != nullptr) {
    return bytes.empty() || SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::drip(std::string_view bytes, std::chrono::milliseconds pause) {
  for (const char byte : bytes) {
    pollfd client{descriptor_, POLLRDHUP, 0};
    const bool left = ::poll(&client, 1, static_cast<int>(pause.count())) > 0;
    if (left || !send({&byte, 1})) return;
  }
}

void Peer::garble() { ::send(descriptor_, "garbage", 7, MSG_NOSIGNAL); }

bool Peer::was_told_goodbye() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void Peer::wait_until_gone() {
  // Below TLS on purpose: a client may leave in the middle of a handshake.
  std::array<char, 4096> buffer{};
  while (::recv(descriptor_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

void Peer::close() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  cut();
}

void Peer::cut() { ::shutdown(descriptor_, SHUT_RDWR); }

void Peer::reset() {
  const linger none{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  // A socket whose last descriptor closes with that option resets; the number stays ours.
  const int placeholder = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::dup2(placeholder, descriptor_);
  ::close(placeholder);
}

struct LoopbackServer::Session {
  explicit Session(int descriptor) : peer(descriptor) {}
  Peer peer;
  std::thread thread;
};

LoopbackServer::LoopbackServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(listener_, name, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, name, &size) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto& session : sessions_) session->peer.cut();
  for (auto& session : sessions_) session->thread.join();
}

void LoopbackServer::accept_all() {
  block_sigpipe();
  for (;;) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const std::lock_guard lock(mutex_);
    auto& session = *sessions_.emplace_back(std::make_unique<Session>(descriptor));
    session.thread = std::thread([this, &session, number = accepted_++] { play(session, number); });
  }
}

void LoopbackServer::play(Session& session, int number) {
  script_(session.peer, number);
  session.peer.close();
  const std::lock_guard lock(mutex_);
  ++ended_;
  ended_changed_.notify_all();
}

void LoopbackServer::wait_for_ended(int count) {
  std::unique_lock lock(mutex_);
  ended_changed_.wait(lock, [&] { return ended_ >= count; });
}

}  // namespace aka::testing
