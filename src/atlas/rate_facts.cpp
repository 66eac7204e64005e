// Reads the rate limit headers. Entry point: read_rate_facts(). A header that is missing or cannot
// be read tells nothing; it is no error.
#include "atlas/rate_facts.h"

#include <charconv>
#include <string>
#include <string_view>

#include "http/retry_after.h"

namespace aka::atlas {
namespace {

std::optional<long long> count(const http::Answer& answer, std::string_view name) {
  const std::string* const text = answer.header(name);
  if (text == nullptr) return std::nullopt;
  long long number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < 0) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

RateFacts read_rate_facts(const http::Answer& answer, base::WallTime now) {
  return {count(answer, "RateLimit-Limit"), count(answer, "RateLimit-Remaining"),
          http::read_retry_after(answer, now)};
}

}  // namespace aka::atlas
