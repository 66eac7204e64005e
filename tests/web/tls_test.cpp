// The listener over TLS, with certificates made on the spot.
#include <array>
#include <csignal>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "web/listening.h"

using namespace aka::web;
using aka::tests::TcpClient;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Context = std::shared_ptr<SSL_CTX>;

/// A server's context with a self-signed certificate for `name`.
Context context_for(const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(certificate.get(), key.get());
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  REQUIRE(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

/// A client that believes any certificate and says whose it was.
class TlsClient {
 public:
  explicit TlsClient(int port)
      : socket_(TcpClient::to(port)),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        tls_(SSL_new(context_.get()), SSL_free) {
    SSL_set_fd(tls_.get(), socket_.descriptor());
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  bool connected() const { return connected_; }

  std::string server_name() const {
    const std::unique_ptr<X509, decltype(&X509_free)> peer(SSL_get1_peer_certificate(tls_.get()),
                                                           X509_free);
    std::array<char, 100> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, name.data(), 100);
    return name.data();
  }

  void send(std::string_view text) {
    SSL_write(tls_.get(), text.data(), static_cast<int>(text.size()));
  }

  /// Until at least `size` bytes, the peer's close or an error.
  std::string read_at_least(std::size_t size) {
    std::string text;
    std::array<char, 16 * 1024> block;
    while (text.size() < size) {
      const int got = SSL_read(tls_.get(), block.data(), static_cast<int>(block.size()));
      if (got <= 0) {
        closed_cleanly_ = SSL_get_error(tls_.get(), got) == SSL_ERROR_ZERO_RETURN;
        break;
      }
      text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
  }
  bool closed_cleanly() const { return closed_cleanly_; }

  void vanish() { socket_.vanish(); }

 private:
  TcpClient socket_;
  Context context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  bool connected_ = false;
  bool closed_cleanly_ = false;
};

ListenerOptions with_tls(Context context) {
  ListenerOptions options;
  options.tls = [context] { return context; };
  return options;
}

const std::string kHelloAnswer =
    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain; "
    "charset=utf-8\r\n\r\nhello\n";

}  // namespace

TEST_SUITE("web tls") {
  TEST_CASE("requests are answered over TLS, several on one connection") {
    const auto listener = listen_with(hello, with_tls(context_for("first")));
    TlsClient client(listener->port());
    REQUIRE(client.connected());
    for (int n = 0; n < 3; ++n) {
      client.send(kGet);
      CHECK(client.read_at_least(kHelloAnswer.size()) == kHelloAnswer);
    }
  }

  TEST_CASE("a large generated page arrives whole over TLS") {
    const std::string block(100'000, 'x');
    const auto listener = listen_with(
        [&](const Request&) {
          Response response;
          response.length = 100 * block.size();
          response.generate = [&](const Sink& sink) {
            for (int n = 0; n < 100; ++n) sink(block);
          };
          return response;
        },
        with_tls(context_for("first")));
    TlsClient client(listener->port());
    client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    CHECK(body_of(client.read_at_least(std::string::npos)).size() == 100 * block.size());
    CHECK(client.closed_cleanly());
  }

  TEST_CASE("a swapped certificate is shown to new connections while old ones go on") {
    std::mutex mutex;
    auto context = context_for("old");
    ListenerOptions options;
    options.tls = [&] {
      const std::lock_guard lock(mutex);
      return context;
    };
    const auto listener = listen_with(hello, options);
    TlsClient before(listener->port());
    CHECK(before.server_name() == "old");
    auto swapped = context_for("new");
    {
      const std::lock_guard lock(mutex);
      context.swap(swapped);
    }
    swapped.reset();
    TlsClient after(listener->port());
    CHECK(after.server_name() == "new");
    before.send(kGet);
    CHECK(before.read_at_least(kHelloAnswer.size()) == kHelloAnswer);
  }

  TEST_CASE("without a certificate at hand the connection is refused") {
    const auto listener = listen_with(hello, with_tls(nullptr));
    // The client may still write when the connection is closed already, and it is this process.
    std::signal(SIGPIPE, SIG_IGN);
    CHECK_FALSE(TlsClient(listener->port()).connected());
  }

  TEST_CASE("plain text on a TLS port and a mute handshake end, the latter at its deadline") {
    auto options = with_tls(context_for("first"));
    options.header_deadline = milliseconds(100);
    const auto listener = listen_with(hello, options);
    auto plain_client = TcpClient::to(listener->port());
    plain_client.send(kGet);
    CHECK(plain_client.read_all().find("HTTP/1.1 200") == std::string::npos);
    auto mute_client = TcpClient::to(listener->port());
    CHECK(mute_client.read_all().empty());
    CHECK(mute_client.ended() == TcpClient::End::closed);
  }

  TEST_CASE("amid 200 mute handshakes a request is answered within a second") {
    const auto listener = listen_with(hello, with_tls(context_for("first")));
    std::vector<TcpClient> mute;
    for (int n = 0; n < 200; ++n) mute.push_back(TcpClient::to(listener->port()));
    const auto before = std::chrono::steady_clock::now();
    TlsClient client(listener->port());
    client.send(kGet);
    CHECK(client.read_at_least(kHelloAnswer.size()) == kHelloAnswer);
    listener->stop();
    CHECK(std::chrono::steady_clock::now() - before < seconds(1));
  }

  TEST_CASE("an idle connection is closed with a notice, so that no client takes it for a cut") {
    const auto listener = listen_with(hello, with_tls(context_for("first")));
    listener->set_idle_timeout(milliseconds(100));
    TlsClient client(listener->port());
    client.send(kGet);
    CHECK(client.read_at_least(std::string::npos) == kHelloAnswer);
    CHECK(client.closed_cleanly());
  }

  TEST_CASE("a client that vanishes in mid-answer ends no process over TLS either") {
    std::promise<void> over;
    const auto listener = listen_with(
        [&](const Request&) {
          // httplib's constructor has just ignored SIGPIPE; we must not lean on that.
          std::signal(SIGPIPE, SIG_DFL);
          Response response;
          response.length = 1U << 30;
          response.generate = [&](const Sink& sink) {
            const std::string block(100'000, 'a');
            while (sink(block)) continue;
            over.set_value();
          };
          return response;
        },
        with_tls(context_for("first")));
    TlsClient client(listener->port());
    client.send(kGet);
    client.read_at_least(200'000);
    client.vanish();
    over.get_future().wait();
    std::signal(SIGPIPE, SIG_IGN);
  }
}
