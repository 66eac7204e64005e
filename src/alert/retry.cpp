// What comes of an attempt to deliver. Entry points: judge_answer() and delay_after(). Pure, so
// that a table can test them.
#include "alert/retry.h"

#include <algorithm>

#include <fmt/format.h>

#include "http/retry_after.h"

namespace aka::alert {
namespace {

RefusalKind kind_of(int status) {
  switch (status) {
    case 400:
    case 413:
    case 422:
      return RefusalKind::content;
    case 408:
      return RefusalKind::unreachable;
    case 429:
      return RefusalKind::throttled;
    default:
      return status / 100 == 5 ? RefusalKind::unreachable : RefusalKind::rejected;
  }
}

std::string sentence_of(int status) {
  std::string sentence = fmt::format("it answered with status {}", status);
  if (status / 100 == 3) {
    sentence += ", a redirect, which is not followed; set the address that it leads to";
  } else if (status == 401 || status == 403) {
    sentence += "; it wants other credentials than the settings give";
  } else if (status == 404 || status == 405 || status == 410) {
    sentence += "; the address in the settings seems wrong";
  } else if (status == 413) {
    sentence += ", too large for it";
  } else if (status == 429) {
    sentence += ", too many requests for it";
  }
  return sentence;
}

}  // namespace

Outcome judge_answer(const http::Answer& answer, base::WallTime now) {
  if (answer.status / 100 == 2) return {};
  return tl::unexpected(Refusal{kind_of(answer.status), sentence_of(answer.status),
                                http::read_retry_after(answer, now)});
}

base::Duration delay_after(const Refusal& refusal, int in_a_row, base::Duration longest,
                           double chance) {
  const bool by_itself =
      refusal.kind == RefusalKind::unreachable || refusal.kind == RefusalKind::throttled;
  base::Duration delay = std::chrono::seconds(by_itself ? 1 : 30);
  for (int i = 1; i < in_a_row && delay < longest; ++i) delay *= 2;
  delay = std::min(delay, longest);
  delay = std::chrono::duration_cast<base::Duration>(delay * (1 - chance / 2));
  const base::Duration asked = refusal.retry_after.value_or(base::Duration::zero());
  return std::max(delay, std::min(asked, kLongestAsked));
}

}  // namespace aka::alert
