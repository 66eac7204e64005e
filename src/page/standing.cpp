// Where a key stands. Two facts meet here: the verdict, which a failed poll does not change, and
// the last poll, which says whether anybody could judge at all.
#include "page/standing.h"

#include <algorithm>

namespace aka::page {
namespace {

struct Words {
  std::string_view name;
  std::string_view title;
};

constexpr std::array<Words, kStandings.size()> kWords{{{"findings", "with findings"},
                                                       {"unauthorized", "unauthorized"},
                                                       {"forbidden", "forbidden"},
                                                       {"not_found", "not found"},
                                                       {"error", "errors"},
                                                       {"rate_limited", "rate limited"},
                                                       {"stale", "stale"},
                                                       {"pending", "not polled yet"},
                                                       {"compliant", "compliant"}}};

Standing standing_of_failed(model::State state) {
  switch (state) {
    case model::State::pending:
      return Standing::pending;
    case model::State::not_found:
      return Standing::not_found;
    case model::State::forbidden:
      return Standing::forbidden;
    case model::State::unauthorized:
      return Standing::unauthorized;
    case model::State::rate_limited:
      return Standing::rate_limited;
    case model::State::compliant:
    case model::State::drift:
    case model::State::error:
      break;
  }
  return Standing::error;
}

}  // namespace

std::string_view to_string(Standing standing) {
  return kWords[static_cast<std::size_t>(standing)].name;
}

std::optional<Standing> parse_standing(std::string_view text) {
  const auto found = std::ranges::find(kWords, text, &Words::name);
  if (found == kWords.end()) return std::nullopt;
  return kStandings[static_cast<std::size_t>(found - kWords.begin())];
}

std::string_view title_of(Standing standing) {
  return kWords[static_cast<std::size_t>(standing)].title;
}

Standing standing_of(const report::KeyView& view, const model::Snapshot& snapshot) {
  const model::KeyStatus& status = view.status;
  if (model::has_open_findings(status)) return Standing::findings;
  if (!report::is_judged(status)) return standing_of_failed(status.state);
  const auto verdict =
      model::verdict_of(status, snapshot.steady, snapshot.stale_after_of(view.organization));
  return verdict == model::Verdict::compliant ? Standing::compliant : Standing::stale;
}

model::Severity worst_of(const model::KeyStatus& status) {
  model::Severity worst = model::Severity::info;
  for (const model::Finding& finding : report::findings_of(status)) {
    if (!finding.waived) worst = std::max(worst, finding.severity);
  }
  return worst;
}

}  // namespace aka::page
