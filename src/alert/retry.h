#pragma once

#include "alert/sink.h"
#include "base/duration.h"
#include "http/message.h"

namespace aka::alert {

/// What an answer of a receiver means: 2xx is success, and nothing else is.
Outcome judge_answer(const http::Answer& answer, base::WallTime now);

/// The longest wait that is ours, and the longest that a receiver may ask for.
inline constexpr base::Duration kLongestDelay = std::chrono::minutes(5);
inline constexpr base::Duration kLongestAsked = std::chrono::hours(1);

/// How long to wait after the `in_a_row`th refusal (from 1): doubling up to `longest`, from one
/// second where the trouble may pass by itself, from half a minute where a person has to mend it;
/// less up to half of it by `chance` (0 to 1), so that many senders do not come back at once. Never
/// less than what the receiver asked for.
base::Duration delay_after(const Refusal& refusal, int in_a_row, base::Duration longest,
                           double chance);

}  // namespace aka::alert
