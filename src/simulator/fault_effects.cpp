// What faults do to an answer. Entry point: struck(). Effects on the wire are made of a body that
// is generated slowly, short or raw; the listener writes it.
#include "simulator/fault_effects.h"

#include <algorithm>
#include <limits>
#include <poll.h>
#include <utility>

#include <fmt/format.h>

#include "simulator/api_error.h"
#include "simulator/crypto.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

constexpr std::size_t kBlock = 65'536;

/// False once a stop was requested.
bool wait(base::Duration time, const base::StopSignal& stop) {
  if (time <= base::Duration::zero()) return !stop.requested();
  const auto longest = static_cast<long long>(std::numeric_limits<int>::max());
  pollfd waited{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&waited, 1, static_cast<int>(std::min<long long>(time.count(), longest))) == 0;
}

/// What the sentence of a known error is about.
std::string_view subject_of(std::string_view code, const Victim& victim) {
  const auto about = [&](std::string_view word) { return code.find(word) != code.npos; };
  if (about("IP_ADDRESS")) return victim.address;
  if (about("API_KEY")) return victim.target.key;
  if (about("ORG")) return victim.target.org;
  return victim.path;
}

web::Response told_answer(const Fault& fault, const Victim& victim) {
  web::Response answer;
  if (!fault.code.empty() && !fault.has_body) {
    ApiError error = known_error(fault.code, subject_of(fault.code, victim));
    error.status = fault.status;
    answer = error_answer(error);
  }
  answer.status = fault.status;
  answer.content_type = fault.content_type;
  if (fault.has_body) answer.body = fault.body;
  return answer;
}

web::Response outage_page() {
  web::Response answer;
  answer.status = 503;
  answer.content_type = "text/html;charset=utf-8";
  answer.body =
      "<!DOCTYPE html>\n<html><head><title>MongoDB Cloud Manager Unavailable</title></head>\n"
      "<body><h1>Service Unavailable</h1><p>We will be back shortly.</p></body></html>\n";
  return answer;
}

web::Response throttled(const Fault& fault) {
  const long long wait_for = fault.retry_after.value_or(60);
  web::Response answer = error_answer(
      {429,
       "RATE_LIMITED_TOKEN_BUCKET",
       fmt::format("Rate limit exceeded for api/atlas/v2/orgs. Please retry after {} seconds.",
                   wait_for),
       {R"("api/atlas/v2/orgs")", std::to_string(wait_for), "10", "5", "60"}});
  if (fault.retry_after) answer.headers.emplace_back("Retry-After", std::to_string(wait_for));
  return answer;
}

/// Announces the whole body and sends a part, so the listener cuts the connection.
web::Response truncated(const Fault& fault, web::Response answer) {
  const std::size_t whole = answer.body.size();
  const std::size_t part = fault.bytes < 0 ? whole / 2 : static_cast<std::size_t>(fault.bytes);
  answer.length = std::max(whole, part + 1);
  answer.generate = [body = std::move(answer.body), part](const web::Sink& sink) {
    sink(std::string_view(body).substr(0, part));
  };
  return answer;
}

void drip(std::string_view text, base::Duration pause, const base::StopSignal& stop,
          const web::Sink& sink) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!sink(text.substr(i, 1)) || !wait(pause, stop)) return;
  }
}

web::Response slow_body(const Fault& fault, web::Response answer, const base::StopSignal& stop) {
  answer.length = answer.body.size();
  answer.generate = [body = std::move(answer.body), pause = fault.pause,
                     &stop](const web::Sink& sink) { drip(body, pause, stop, sink); };
  return answer;
}

/// The answer as the listener would write it.
std::string on_the_wire(const web::Response& answer) {
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", answer.status,
                  reason_of(answer.status), answer.content_type, answer.body.size());
  for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n" + answer.body;
}

web::Response slow_headers(const Fault& fault, const web::Response& answer,
                           const base::StopSignal& stop) {
  web::Response slow;
  slow.wire = web::Response::Wire::raw;
  slow.generate = [text = on_the_wire(answer), pause = fault.pause, &stop](const web::Sink& sink) {
    drip(text, pause, stop, sink);
  };
  return slow;
}

web::Response garbage(const Fault& fault) {
  web::Response answer;
  answer.wire = web::Response::Wire::raw;
  answer.body = random_bytes(static_cast<std::size_t>(std::min<long long>(fault.bytes, kBlock)));
  return answer;
}

void repeat(std::string_view pattern, long long bytes, const web::Sink& sink) {
  std::string block;
  while (block.size() < kBlock) block += pattern;
  while (bytes > 0) {
    const auto part = std::min<long long>(bytes, static_cast<long long>(block.size()));
    if (!sink(std::string_view(block).substr(0, static_cast<std::size_t>(part)))) return;
    bytes -= part;
  }
}

web::Response huge_body(const Fault& fault, web::Response answer) {
  answer.body.clear();
  answer.length = static_cast<std::uint64_t>(fault.bytes);
  answer.generate = [bytes = fault.bytes](const web::Sink& sink) { repeat(" ", bytes, sink); };
  return answer;
}

web::Response many_headers(const Fault& fault) {
  web::Response answer;
  answer.wire = web::Response::Wire::raw;
  answer.body = "HTTP/1.1 200 OK\r\n";
  answer.generate = [bytes = fault.bytes](const web::Sink& sink) {
    repeat("X-Endless: header\r\n", bytes, sink);
  };
  return answer;
}

/// Shows a whole key, 8-4-4-4-12 hex digits, where the redacted one stood.
web::Response exposed(web::Response answer) {
  constexpr std::string_view kMask = "********-****-****-";
  constexpr std::string_view kInstead = "3d9f1c52-7b04-4e6a-9a1d-";
  for (std::size_t at = answer.body.find(kMask); at != std::string::npos;
       at = answer.body.find(kMask, at)) {
    answer.body.replace(at, kMask.size(), kInstead);
  }
  return answer;
}

web::Response patched(const Fault& fault, web::Response answer) {
  if (answer.status == 200) answer.body = merge_patch(answer.body, fault.body);
  return answer;
}

web::Response changed(const Fault& fault, const Victim& victim, web::Response answer,
                      const base::StopSignal& stop) {
  switch (fault.effect) {
    case Effect::answer:
      return told_answer(fault, victim);
    case Effect::html503:
      return outage_page();
    case Effect::throttle:
      return throttled(fault);
    case Effect::reset:
      answer.wire = web::Response::Wire::reset;
      return answer;
    case Effect::truncate:
      return truncated(fault, std::move(answer));
    case Effect::garbage:
      return garbage(fault);
    case Effect::slow_body:
      return slow_body(fault, std::move(answer), stop);
    case Effect::slow_headers:
      return slow_headers(fault, answer, stop);
    case Effect::patch:
      return patched(fault, std::move(answer));
    case Effect::expose_private_key:
      return exposed(std::move(answer));
    case Effect::huge_body:
      return huge_body(fault, std::move(answer));
    case Effect::many_headers:
      return many_headers(fault);
    case Effect::delay:
    case Effect::idle_close:
    case Effect::mute_handshake:
      return answer;
  }
  return answer;
}

}  // namespace

bool replaces_answer(Effect effect) {
  return effect == Effect::answer || effect == Effect::html503 || effect == Effect::throttle ||
         effect == Effect::garbage || effect == Effect::many_headers;
}

web::Response struck(const Fault& fault, const Victim& victim, web::Response answer,
                     const base::StopSignal& stop) {
  wait(fault.delay, stop);
  web::Response result = changed(fault, victim, std::move(answer), stop);
  result.headers.insert(result.headers.end(), fault.headers.begin(), fault.headers.end());
  return result;
}

}  // namespace aka::simulator
