#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "base/duration.h"
#include "base/stop.h"
#include "incident/alert.h"

namespace aka::alert {

/// Something that one receiver is to be told: that an alert fires, or that it resolved.
struct Notification {
  std::int64_t id = 0;  ///< of its outbox entry; of a heartbeat negative, one for each
  std::string sink;     ///< the receiver's label, as of SinkTraits
  std::shared_ptr<const incident::Alert> alert;  ///< never null; `ends_at` says that it resolved
  base::WallTime due{};                          ///< since when it is to be delivered

  bool is_resolved() const { return alert->ends_at.has_value(); }
};

/// Why a receiver did not take what it was sent; decides when and how it is tried again.
enum class RefusalKind {
  unreachable,  ///< no answer, or none that counts: 408, 5xx; a secret or certificate of ours that
                ///< cannot be read
  throttled,    ///< 429
  rejected,     ///< a redirect or another 4xx: a person has to mend the settings
  content,      ///< 400, 413, 422: it dislikes what was sent, perhaps one alert of many
  stopped,      ///< by our own stop
};

struct Refusal {
  RefusalKind kind = RefusalKind::unreachable;
  std::string message;  ///< for people; never holds a secret
  std::optional<base::Duration> retry_after;
};

using Outcome = tl::expected<void, Refusal>;

/// What Delivery has to know of a receiver; constant.
struct SinkTraits {
  std::string label;                     ///< "webhook:soc"; unique, labels metrics and the outbox
  std::size_t batch = 1;                 ///< most notifications in one request
  std::optional<base::Duration> resend;  ///< set: it forgets, so all that fires is sent again
  base::Duration heartbeat{};            ///< AtlasAuditorAlive is sent this often; 0: never
};

/// A receiver of alerts. Used by one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;

  virtual const SinkTraits& traits() const = 0;

  /// One request with all of them; a success means that the receiver has them. They all fire or are
  /// all resolved, none stands for an alert that another one does, and there are 1 to `batch` of
  /// them. `deadline` is real time, whatever clock is scheduled by. Throws nothing but bad_alloc.
  virtual Outcome deliver(std::span<const Notification> notifications,
                          std::chrono::steady_clock::time_point deadline,
                          const base::StopSignal& stop) = 0;
};

}  // namespace aka::alert
