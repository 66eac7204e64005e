// Faults from their JSON form. Entry point: read_faults(). Each effect has a row that names the
// function reading its own parameters; what all effects share is read once.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "model/ids.h"
#include "simulator/api_error.h"
#include "simulator/faults.h"
#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

using base::Fields;
using base::Section;

constexpr long long kMostBytes = 1LL << 40;
constexpr base::Duration kNever{0};
constexpr base::Duration kLongest = std::chrono::hours(24);

void read_headers(Fields& fields, Fault& fault) {
  const Section* const headers = fields.mapping("headers");
  if (headers == nullptr) return;
  for (const Section::Entry& entry : headers->entries) {
    fault.headers.emplace_back(entry.key, entry.value.text);
  }
}

void read_body(Fields& fields, Fault& fault) {
  const Section* const body = fields.any("body");
  if (body == nullptr) return;
  fault.has_body = true;
  fault.body = body->quoted ? body->text : write_json(*body);
}

void read_answer(Fields& fields, Fault& fault) {
  fault.code = fields.text("code").value_or("");
  fault.status = static_cast<int>(fields.integer("status", 100, 599).value_or(0));
  fault.content_type = fields.text("contentType").value_or("application/json");
  read_body(fields, fault);
  if (fault.status == 0) fault.status = known_error(fault.code, "").status;
  if (fault.status == 0) {
    fields.missing("status", "a number, or a 'code' that the simulator knows the status of");
  }
}

void read_throttle(Fields& fields, Fault& fault) {
  fault.retry_after = fields.integer("retryAfter", 0, 86'400);
}

void read_bytes(Fields& fields, Fault& fault) {
  fault.bytes = fields.integer("bytes", 0, kMostBytes).value_or(fault.bytes);
}

void read_pause(Fields& fields, Fault& fault) {
  fault.pause = fields.duration("pause", kNever, kLongest).value_or(fault.pause);
}

void read_after(Fields& fields, Fault& fault) {
  fault.pause = fields.duration("after", std::chrono::milliseconds(1), kLongest).value_or(kNever);
  if (!fields.has_key("after")) fields.missing("after", "how long a connection may be idle");
}

void read_patch(Fields& fields, Fault& fault) {
  const Section* const patch = fields.mapping("patch");
  if (patch == nullptr) {
    fields.missing("patch", "an object merged into the answer; null removes a member");
    return;
  }
  fault.body = write_json(*patch);
}

void read_delay(Fields& fields, Fault&) {
  if (!fields.has_key("delay")) fields.missing("delay", "how long the answer is held back");
}

void read_nothing(Fields&, Fault&) {}

struct EffectRow {
  std::string_view name;
  Effect effect;
  void (*read)(Fields&, Fault&);
  long long bytes;       ///< default
  base::Duration pause;  ///< default
};

constexpr base::Duration kSlow = std::chrono::milliseconds(100);
constexpr auto kEffects = std::to_array<EffectRow>({
    {"answer", Effect::answer, read_answer, 0, kNever},
    {"html503", Effect::html503, read_nothing, 0, kNever},
    {"throttle", Effect::throttle, read_throttle, 0, kNever},
    {"reset", Effect::reset, read_nothing, 0, kNever},
    {"truncate", Effect::truncate, read_bytes, -1, kNever},
    {"garbage", Effect::garbage, read_bytes, 64, kNever},
    {"slowBody", Effect::slow_body, read_pause, 0, kSlow},
    {"slowHeaders", Effect::slow_headers, read_pause, 0, kSlow},
    {"delay", Effect::delay, read_delay, 0, kNever},
    {"patch", Effect::patch, read_patch, 0, kNever},
    {"exposePrivateKey", Effect::expose_private_key, read_nothing, 0, kNever},
    {"hugeBody", Effect::huge_body, read_bytes, 100 << 20, kNever},
    {"manyHeaders", Effect::many_headers, read_bytes, 50 << 20, kNever},
    {"idleClose", Effect::idle_close, read_after, 0, kNever},
    {"muteHandshake", Effect::mute_handshake, read_nothing, 0, kNever},
});

const EffectRow* find_effect(Fields& fields) {
  const auto name = fields.text("effect");
  if (!name) {
    fields.missing("effect");
    return nullptr;
  }
  const auto row = std::ranges::find(kEffects, *name, &EffectRow::name);
  if (row != kEffects.end()) return &*row;
  std::vector<std::string_view> names;
  names.reserve(kEffects.size());
  for (const EffectRow& known : kEffects) names.push_back(known.name);
  fields.diagnostics().error(
      fields.mark_of("effect"),
      fmt::format("there is no effect '{}'; the effects are {}", *name, fmt::join(names, ", ")));
  return nullptr;
}

void read_share(Fields& fields, Fault& fault) {
  const Section* const share = fields.any("share");
  if (share == nullptr) return;
  const char* const last = share->text.data() + share->text.size();
  const auto [end, error] = std::from_chars(share->text.data(), last, fault.share);
  if (error != std::errc() || end != last || share->quoted || fault.share < 0 || fault.share > 1) {
    fields.diagnostics().error(
        share->mark, fmt::format("'share' of {} must be a number from 0 to 1", fields.what()));
  }
}

/// An id that is not one would match nothing, silently.
template <typename Id>
std::string read_id(Fields& fields, std::string_view name) {
  const auto text = fields.text(name);
  if (!text) return {};
  if (const auto id = Id::parse(*text)) return id->to_string();
  fields.diagnostics().error(
      fields.mark_of(name),
      fmt::format("'{}' of {} must be 24 hex digits, not '{}'", name, fields.what(), *text));
  return {};
}

void read_match(Fields& fields, Fault& fault) {
  fault.org = read_id<model::OrganizationId>(fields, "org");
  fault.key = read_id<model::KeyId>(fields, "key");
  fault.path = fields.text("path").value_or("");
  if (fields.choice("stage", {"arrival", "answer"}).value_or("answer") == "arrival") {
    fault.stage = Stage::arrival;
  }
  read_share(fields, fault);
  fault.count = fields.integer("count", 1, 1'000'000'000);
}

std::optional<Fault> read_fault(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "the fault", diagnostics);
  const EffectRow* const row = find_effect(fields);
  if (row == nullptr) return std::nullopt;
  Fault fault;
  fault.effect = row->effect;
  fault.source = write_json(section);
  fault.bytes = row->bytes;
  fault.pause = row->pause;
  if (row->effect != Effect::idle_close) read_match(fields, fault);
  fault.delay = fields.duration("delay", kNever, kLongest).value_or(kNever);
  row->read(fields, fault);
  read_headers(fields, fault);
  fields.finish();
  return fault;
}

}  // namespace

std::vector<Fault> read_faults(const Section& section, base::Diagnostics& diagnostics) {
  std::vector<Fault> faults;
  const auto add = [&](const Section& one) {
    if (auto fault = read_fault(one, diagnostics)) faults.push_back(std::move(*fault));
  };
  if (section.kind == Section::Kind::sequence) {
    std::ranges::for_each(section.items, add);
  } else {
    add(section);
  }
  return faults;
}

}  // namespace aka::simulator
