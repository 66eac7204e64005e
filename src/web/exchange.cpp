// httplib's share of a request: a Server over a Stream of ours, whose process_request() parses the
// request line and formats the answer. The Stream shows it nothing but that line, so it never
// compresses, cuts ranges or reads a body, all of which it does without bounds. Entry: exchange().
#include "web/exchange.h"

#include <algorithm>
#include <cstring>
#include <exception>

#include "web/httplib_compat.h"

namespace aka::web {
namespace {

class LineStream final : public httplib::Stream {
 public:
  LineStream(const Head& head, Writer& writer) : writer_(writer) {
    text_ = head.line + "\r\n" + (head.keep_alive ? "" : "Connection: close\r\n") + "\r\n";
  }

  /// From now on the answer goes nowhere.
  void swallow() { swallows_ = true; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* into, size_t size) override {
    const auto part = std::min(size, text_.size() - position_);
    std::memcpy(into, text_.data() + position_, part);
    position_ += part;
    return static_cast<ssize_t>(part);
  }
  ssize_t write(const char* block, size_t size) override {
    return swallows_ || writer_.write({block, size}) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  // httplib refuses descriptors that select(2) could not take; ours go through poll(2).
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  Writer& writer_;
  std::string text_;
  std::size_t position_ = 0;
  bool swallows_ = false;
};

class Exchange final : public CompatibleServer {
 public:
  Exchange(const Head& head, Request request, const Service& service, Progress& progress,
           Writer& writer);
  Next run();

 private:
  void handle(const httplib::Request& parsed, httplib::Response& answer);
  void call_handler();
  void fill(httplib::Response& answer);
  bool generate(const httplib::DataSink& sink);
  bool generate_chunks(httplib::DataSink& sink);
  void write_raw();
  bool run_generator(const Sink& sink);
  void report(std::string_view failure) const;

  const Head& head_;
  Request request_;
  const Service& service_;
  Progress& progress_;
  Writer& writer_;
  LineStream stream_;
  Response response_;
  bool handled_ = false;
};

Exchange::Exchange(const Head& head, Request request, const Service& service, Progress& progress,
                   Writer& writer)
    : head_(head),
      request_(std::move(request)),
      service_(service),
      progress_(progress),
      writer_(writer),
      stream_(head, writer) {
  svr_sock_ = 0;  // INVALID_SOCKET would mean that the server stops
  set_pre_routing_handler([this](const httplib::Request& parsed, httplib::Response& answer) {
    handle(parsed, answer);
    return HandlerResponse::Handled;
  });
  set_error_handler(HandlerWithResponse([this](const auto&, httplib::Response& answer) {
    if (handled_) return HandlerResponse::Unhandled;
    answer.set_content("the request line is not understood\n", "text/plain; charset=utf-8");
    answer.set_header("Connection", "close");
    return HandlerResponse::Handled;
  }));
  set_post_routing_handler([](const httplib::Request&, httplib::Response& answer) {
    // Neither is true of us: ranges are not served, and the deadlines are the listener's.
    answer.headers.erase("Accept-Ranges");
    answer.headers.erase("Keep-Alive");
  });
}

Next Exchange::run() {
  writer_.set_deadline(std::chrono::steady_clock::now() + service_.options.answer_deadline);
  bool closed = false;
  const bool written = process(stream_, !head_.keep_alive, closed);
  if (handled_ && response_.wire == Response::Wire::reset) return Next::reset;
  if (handled_ && response_.wire == Response::Wire::raw) write_raw();
  // A peer that does not read would only keep what is queued for it in the kernel.
  if (!writer_.flush()) return Next::reset;
  const bool whole = written && handled_ && response_.wire == Response::Wire::normal;
  return whole && head_.keep_alive ? Next::keep_open : Next::close;
}

void Exchange::handle(const httplib::Request& parsed, httplib::Response& answer) {
  handled_ = true;
  request_.method = parsed.method;
  request_.target = parsed.target;
  request_.path = parsed.path;
  if (parsed.version == "HTTP/1.0") request_.headers.erase("Accept-Encoding");
  const auto question = parsed.target.find('?');
  if (question != std::string::npos) request_.query = parsed.target.substr(question + 1);
  progress_.enter(Progress::Phase::handler);
  call_handler();
  progress_.enter(Progress::Phase::answer);
  writer_.set_deadline(std::chrono::steady_clock::now() + service_.options.answer_deadline);
  answer.status = response_.status;
  if (response_.wire == Response::Wire::normal) {
    fill(answer);
  } else {
    stream_.swallow();
  }
}

void Exchange::call_handler() {
  try {
    response_ = service_.handler(request_);
    return;
  } catch (const std::exception& failure) {
    report(failure.what());
  } catch (...) {
    report("an exception of unknown type");
  }
  response_ = plain(500, "internal error");
}

void Exchange::fill(httplib::Response& answer) {
  for (const auto& [name, value] : response_.headers) answer.set_header(name, value);
  if (response_.generate && response_.length == kUnknownLength) {
    answer.set_chunked_content_provider(
        response_.content_type,
        [this](size_t, httplib::DataSink& sink) { return generate_chunks(sink); });
  } else if (response_.generate && response_.length > 0) {
    answer.set_content_provider(
        response_.length, response_.content_type,
        [this](size_t, size_t, httplib::DataSink& sink) { return generate(sink); });
  } else if (!response_.generate && !response_.body.empty()) {
    answer.body = std::move(response_.body);
    answer.set_header("Content-Type", response_.content_type);
  }
}

bool Exchange::generate(const httplib::DataSink& sink) {
  std::uint64_t left = response_.length;
  bool open = true;
  const Sink into = [&](std::string_view block) {
    open =
        open && block.size() <= left && sink.write(block.data(), block.size()) && writer_.flush();
    if (open) left -= block.size();
    return open;
  };
  return run_generator(into) && open && left == 0;
}

bool Exchange::generate_chunks(httplib::DataSink& sink) {
  bool open = true;
  const Sink into = [&](std::string_view block) {
    open = open && sink.write(block.data(), block.size()) && writer_.flush();
    return open;
  };
  if (!run_generator(into) || !open) return false;
  sink.done();
  return true;
}

void Exchange::write_raw() {
  bool open = writer_.write(response_.body) && writer_.flush();
  if (!response_.generate) return;
  run_generator([&](std::string_view block) {
    open = open && writer_.write(block) && writer_.flush();
    return open;
  });
}

bool Exchange::run_generator(const Sink& sink) {
  try {
    response_.generate(sink);
    return true;
  } catch (const std::exception& failure) {
    report(failure.what());
  } catch (...) {
    report("an exception of unknown type");
  }
  return false;
}

void Exchange::report(std::string_view failure) const {
  if (!service_.options.on_failure) return;
  try {
    service_.options.on_failure("answering " + request_.method + " " + request_.path +
                                " failed: " + std::string(failure));
  } catch (...) {
    // httplib would show its text to the client, and there is nobody else left to tell.
  }
}

}  // namespace

Next exchange(const Head& head, Request request, const Service& service, Progress& progress,
              Writer& writer) {
  return Exchange(head, std::move(request), service, progress, writer).run();
}

}  // namespace aka::web
