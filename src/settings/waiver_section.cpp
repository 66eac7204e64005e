// Waivers. Entry point: read_waivers(). A waiver must bind exactly one finding and must end, so
// whatever would make it wider or longer is an error.
#include "settings/waiver_section.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"
#include "base/utc_time.h"
#include "settings/policy_section.h"

namespace aka::settings {
namespace {

using base::Fields;
using base::Section;
using model::FindingKind;
using model::Waiver;
using std::chrono::days;

constexpr days kLongest{366};

bool is_about_role(FindingKind kind) {
  return kind == FindingKind::role_forbidden || kind == FindingKind::role_unexpected ||
         kind == FindingKind::role_missing;
}

bool is_about_text(FindingKind kind) {
  return kind == FindingKind::description_mismatch || kind == FindingKind::public_key_changed;
}

std::optional<FindingKind> read_kind(Fields& fields) {
  const auto text = fields.text("kind");
  if (!text) {
    if (!fields.has_key("kind")) fields.missing("kind", "the kind of finding that it forgives");
    return std::nullopt;
  }
  const auto kind = model::parse_finding_kind(*text);
  if (kind && *kind != FindingKind::unmanaged_key) return kind;
  if (kind) {
    fields.error("kind", "an unmanaged_key cannot be waived; list the key instead");
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const FindingKind known : model::kFindingKinds) {
    if (known != FindingKind::unmanaged_key) names.emplace_back(to_string(known));
  }
  const auto meant = base::nearest(*text, names);
  fields.error("kind",
               fmt::format("'{}' is no kind of finding; {}", base::shown(*text),
                           meant ? fmt::format("did you mean '{}'?", *meant)
                                 : fmt::format("one can waive {}", fmt::join(names, ", "))));
  return std::nullopt;
}

void read_role(Fields& fields, Waiver& waiver) {
  const auto text = fields.text("role");
  if (!is_about_role(waiver.kind)) {
    if (fields.has_key("role"))
      fields.error("role", fmt::format("a waiver of {} takes no role", to_string(waiver.kind)));
    return;
  }
  if (!text) {
    if (!fields.has_key("role")) fields.missing("role", "ROLE or ROLE@<project id>");
    return;
  }
  auto role = parse_role_pattern(*text);
  if (!role) {
    fields.error("role", role.error().message);
  } else if (role->has_wildcard()) {
    fields.error("role", "a waiver takes no wildcards; write one waiver for each role");
  } else {
    waiver.project_id = role->project_text();
    waiver.role = std::move(role->name);
  }
}

void read_actual(Fields& fields, Waiver& waiver) {
  auto text = fields.text("actual");
  if (!is_about_text(waiver.kind)) {
    if (fields.has_key("actual")) {
      fields.error("actual", fmt::format("a waiver of {} takes no 'actual'; its role says enough",
                                         to_string(waiver.kind)));
    }
  } else if (text) {
    waiver.actual = std::move(*text);
  } else if (!fields.has_key("actual")) {
    fields.missing("actual", "the text that is forgiven, so that another one is a finding again");
  }
}

/// A day lasts to its end.
base::Result<base::WallTime> parse_until(const std::string& text) {
  if (text.size() > 10) return base::parse_instant(text);
  auto day = base::parse_day(text);
  if (day) *day += days(1);
  return day;
}

void read_until(Fields& fields, base::WallTime now, Waiver& waiver) {
  const auto text = fields.text("until");
  if (!text) {
    if (!fields.has_key("until")) fields.missing("until", "a day like 2027-01-31, or an instant");
    return;
  }
  const auto until = parse_until(*text);
  if (!until) {
    fields.error("until", base::shown(*text) == *text
                              ? until.error().message
                              : "this is neither a day like 2027-01-31 nor an RFC 3339 instant");
    return;
  }
  waiver.until = *until;
  // A whole day more for a waiver that ends with a day, whatever the hour is now.
  const auto last =
      text->size() > 10 ? now + kLongest : std::chrono::floor<days>(now) + kLongest + days(1);
  if (*until > last) {
    fields.error("until", fmt::format("a waiver lasts at most {} days; this one would run to {}",
                                      kLongest.count(), base::format_utc(*until)));
  } else if (*until <= now) {
    fields.warning("until", fmt::format("this waiver expired at {} and forgives nothing; remove it",
                                        base::format_utc(*until)));
  }
}

std::optional<Waiver> read_waiver(const Section& section, base::WallTime now,
                                  base::Diagnostics& diagnostics) {
  Fields fields(section, "this waiver", diagnostics);
  Waiver waiver;
  const auto kind = read_kind(fields);
  if (kind) {
    waiver.kind = *kind;
    read_role(fields, waiver);
    read_actual(fields, waiver);
  }
  read_until(fields, now, waiver);
  auto reason = fields.text("reason");
  if (!fields.has_key("reason")) {
    fields.missing("reason", "why the finding is accepted");
  } else if (reason && reason->empty()) {
    fields.error("reason", "'reason' of this waiver is empty; say why the finding is accepted");
  }
  waiver.reason = std::move(reason).value_or("");
  waiver.ticket = fields.text("ticket").value_or("");
  // Without a kind nothing can be said about these two.
  fields.any("role");
  fields.any("actual");
  fields.finish();
  const bool whole = kind && (!is_about_role(*kind) || !waiver.role.empty());
  return whole ? std::optional(std::move(waiver)) : std::nullopt;
}

}  // namespace

std::shared_ptr<const std::vector<Waiver>> read_waivers(const Section& list, base::WallTime now,
                                                        base::Diagnostics& diagnostics) {
  std::vector<Waiver> waivers;
  const auto subject = [](const Waiver& waiver) {
    return std::tie(waiver.kind, waiver.role, waiver.project_id, waiver.actual);
  };
  for (const Section& item : list.items) {
    auto waiver = read_waiver(item, now, diagnostics);
    if (!waiver) continue;
    if (std::ranges::any_of(
            waivers, [&](const Waiver& other) { return subject(other) == subject(*waiver); })) {
      diagnostics.error(item.mark, "this finding is waived twice for the key; keep one of them");
    }
    waivers.push_back(std::move(*waiver));
  }
  if (waivers.empty()) return nullptr;
  return std::make_shared<const std::vector<Waiver>>(std::move(waivers));
}

}  // namespace aka::settings
