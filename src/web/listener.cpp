// Accepts, and keeps the connections' threads. The accepting thread alone owns the table of
// connections and closes their descriptors, so that a number is never reused while somebody may
// still shut it down; an eventfd tells it when a thread has ended and when to stop.
#include "web/listener.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

#include "web/connection.h"
#include "web/listening_socket.h"

namespace aka::web {
namespace {

/// How long a newcomer waits for the connection that was cut for it to be gone.
constexpr std::chrono::milliseconds kRoomPatience(200);
/// A peer that takes longer than this to read its answer may have to make room.
constexpr std::chrono::seconds kReadingPatience(1);
/// Without a free descriptor the newcomer stays in the queue; look again after this.
constexpr std::chrono::milliseconds kShortagePause(50);

/// Threads that are created while this lives have all signals blocked: the process handles its
/// signals elsewhere, and OpenSSL's writes would raise SIGPIPE.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

struct Link {
  Descriptor socket;
  Accepted accepted;
  Progress progress;
  std::atomic<bool> ended{false};
  std::thread thread;
};

void refuse_newcomer(const Descriptor& socket, bool plain_text) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\n"
      "too many connections\n";
  if (!plain_text) return;
  ::send(socket.number(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
  ::shutdown(socket.number(), SHUT_WR);
}

}  // namespace

class Listener::Impl {
 public:
  Impl(ListenerOptions options, Handler handler, Descriptor socket)
      : service_{std::move(options), std::move(handler), {}}, socket_(std::move(socket)) {
    service_.idle_timeout = service_.options.idle_timeout.count();
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = numeric(address).port;
    if (wake_.number() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    const SignalsBlocked guard;
    thread_ = std::thread([this] { accept_until_stopped(); });
  }

  void stop();
  void wake() const {
    const std::uint64_t one = 1;
    // A full counter is readable already, which is all that is asked.
    [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof one);
  }

  Service service_;
  int port_ = 0;

 private:
  void accept_until_stopped();
  void accept_waiting();
  void admit(Descriptor socket, const sockaddr_storage& peer);
  bool start_thread(Link& link);
  bool make_room();
  Link* who_makes_room();
  void sleep(bool for_newcomers, int milliseconds);
  void reap();

  Descriptor socket_;
  Descriptor wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<bool> stopping_{false};
  std::list<Link> links_;  ///< of the accepting thread, and of stop() once that has ended
  std::thread thread_;
};

void Listener::Impl::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
  socket_.close();
  for (const auto& link : links_) ::shutdown(link.socket.number(), SHUT_RDWR);
  for (auto& link : links_) link.thread.join();
  links_.clear();
}

void Listener::Impl::accept_until_stopped() {
  ::pthread_setname_np(::pthread_self(), "web-accept");
  while (!stopping_) {
    sleep(true, -1);
    reap();
    if (!stopping_) accept_waiting();
  }
}

/// Until a connection waits (if that matters), a thread has ended, or the time is over.
void Listener::Impl::sleep(bool for_newcomers, int milliseconds) {
  pollfd entries[] = {{.fd = wake_.number(), .events = POLLIN, .revents = 0},
                      {.fd = socket_.number(), .events = POLLIN, .revents = 0}};
  ::poll(entries, for_newcomers ? 2 : 1, milliseconds);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = ::read(wake_.number(), &count, sizeof count);
}

void Listener::Impl::accept_waiting() {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  Descriptor socket(::accept4(socket_.number(), reinterpret_cast<sockaddr*>(&peer), &size,
                              SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.number() >= 0) {
    admit(std::move(socket), peer);
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    if (Link* link = who_makes_room()) ::shutdown(link->socket.number(), SHUT_RDWR);
    sleep(false, static_cast<int>(kShortagePause.count()));
  }
}

void Listener::Impl::admit(Descriptor socket, const sockaddr_storage& peer) {
  const auto& options = service_.options;
  const bool plain_text = !options.tls;
  if (links_.size() >= options.max_connections && !make_room()) {
    refuse_newcomer(socket, plain_text);
    return;
  }
  // Headers and the blocks of a body are written apart; Nagle would make the peer wait for them.
  const int on = 1;
  ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto& link = links_.emplace_back();
  link.accepted.descriptor = socket.number();
  link.socket = std::move(socket);
  link.accepted.remote = to_string(numeric(peer));
  link.accepted.mute = options.mute && options.mute();
  if (options.tls && !link.accepted.mute) link.accepted.context = options.tls();
  const bool usable = plain_text || link.accepted.mute || link.accepted.context;
  if (usable && start_thread(link)) return;
  refuse_newcomer(link.socket, plain_text);
  links_.pop_back();
}

bool Listener::Impl::start_thread(Link& link) {
  try {
    link.thread = std::thread([this, &link] {
      ::pthread_setname_np(::pthread_self(), "web-connection");
      serve_connection(link.accepted, service_, link.progress);
      link.ended = true;
      wake();
    });
    return true;
  } catch (const std::system_error&) {
    return false;  // no more threads to be had
  }
}

Link* Listener::Impl::who_makes_room() {
  Link* waiting = nullptr;
  Link* reading = nullptr;
  for (auto& link : links_) {
    const auto phase = link.progress.phase();
    Link*& oldest = phase == Progress::Phase::request ? waiting : reading;
    if (phase == Progress::Phase::handler) continue;
    if (!oldest || link.progress.since() < oldest->progress.since()) oldest = &link;
  }
  if (waiting) return waiting;
  const auto limit = std::chrono::steady_clock::now() - kReadingPatience;
  return reading && reading->progress.since() < limit ? reading : nullptr;
}

bool Listener::Impl::make_room() {
  const auto deadline = std::chrono::steady_clock::now() + kRoomPatience;
  Link* const link = who_makes_room();
  if (!link) return false;
  ::shutdown(link->socket.number(), SHUT_RDWR);
  while (links_.size() >= service_.options.max_connections && !stopping_ &&
         std::chrono::steady_clock::now() < deadline) {
    sleep(false, static_cast<int>(kRoomPatience.count()));
    reap();
  }
  return links_.size() < service_.options.max_connections;
}

void Listener::Impl::reap() {
  for (auto link = links_.begin(); link != links_.end();) {
    if (link->ended) {
      link->thread.join();
      link = links_.erase(link);
    } else {
      ++link;
    }
  }
}

base::Result<std::unique_ptr<Listener>> Listener::start(ListenerOptions options, Handler handler) {
  auto socket = listen_on(options.address);
  if (!socket) return tl::unexpected(std::move(socket.error()));
  try {
    return std::unique_ptr<Listener>(new Listener(
        std::make_unique<Impl>(std::move(options), std::move(handler), std::move(*socket))));
  } catch (const std::system_error& failure) {
    return base::fail(base::ErrorKind::io,
                      std::string("cannot start a listener: ") + failure.what());
  }
}

Listener::Listener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Listener::~Listener() { stop(); }

int Listener::port() const { return impl_->port_; }

std::string Listener::address() const {
  return base::to_string({impl_->service_.options.address.host, impl_->port_});
}

void Listener::set_idle_timeout(base::Duration timeout) {
  impl_->service_.idle_timeout = timeout.count();
}

void Listener::stop() { impl_->stop(); }

}  // namespace aka::web
