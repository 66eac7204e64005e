// Waivers with what is left of them. Those that ended or will soon come first: the rest is in
// order.
#include "page/waivers.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "page/diff.h"
#include "page/words.h"
#include "policy/waivers.h"

namespace aka::page {
namespace {

using report::KeyView;

constexpr std::size_t kMost = 100;

struct Row {
  const model::Organization* organization;
  const model::Key* key;
  const model::KeyStatus* status;
  const model::Waiver* waiver;
  model::WaiverState state;

  KeyView view() const { return {*organization, *key, *status}; }
};

int urgency_of(model::WaiverState state) {
  switch (state) {
    case model::WaiverState::expired:
      return 0;
    case model::WaiverState::expiring:
      return 1;
    case model::WaiverState::unused:
      return 2;
    case model::WaiverState::active:
      break;
  }
  return 3;
}

void take(std::vector<Row>& rows, const KeyView& view, base::WallTime now) {
  if (view.key.waivers == nullptr) return;
  for (const model::Waiver& waiver : *view.key.waivers) {
    rows.push_back({&view.organization, &view.key, &view.status, &waiver,
                    policy::waiver_state(waiver, view.status, now)});
  }
}

std::string subject_of(const model::Waiver& waiver) {
  if (waiver.role.empty()) return waiver.actual;
  return waiver.project_id.empty() ? waiver.role : waiver.role + "@" + waiver.project_id;
}

std::string left_of(const model::Waiver& waiver, base::WallTime now) {
  if (waiver.until <= now) return "ended";
  const auto days = std::chrono::duration_cast<std::chrono::hours>(waiver.until - now).count() / 24;
  return days == 0 ? "less than a day" : counted(static_cast<std::size_t>(days), "day");
}

void put_row(Html& html, const Row& row, base::WallTime now) {
  const model::Waiver& waiver = *row.waiver;
  const bool calm = row.state == model::WaiverState::active;
  html.put(
      R"(<tr><th scope="row" data-label="key">{}</th><td data-label="forgives"><code>{} {}</code></td>)"
      R"(<td data-label="state">{}</td><td data-label="left">{}</td><td data-label="until">{}</td>)",
      link_to(row.view()), to_string(waiver.kind), subject_of(waiver),
      badge(calm ? "quiet" : "unknown", to_string(row.state)), left_of(waiver, now),
      instant(waiver.until));
  html.put(R"(<td data-label="why">{}{}</td></tr>)", waiver.reason,
           waiver.ticket.empty() ? std::string() : " (" + waiver.ticket + ")");
}

void put_table(Html& html, std::vector<Row>& rows, base::WallTime now) {
  std::ranges::stable_sort(rows, [](const Row& left, const Row& right) {
    return std::tuple(urgency_of(left.state), left.waiver->until) <
           std::tuple(urgency_of(right.state), right.waiver->until);
  });
  html.put(
      R"(<table><caption>{}</caption><thead><tr><th scope="col">key</th><th scope="col">forgives</th>)"
      R"(<th scope="col">state</th><th scope="col">left</th><th scope="col">until</th><th scope="col">why</th></tr></thead><tbody>)",
      counted(rows.size(), "waiver"));
  for (std::size_t i = 0; i < std::min(rows.size(), kMost); ++i) put_row(html, rows[i], now);
  html.put("</tbody></table>");
  if (rows.size() > kMost) html.put("<p>And {} more that end later.</p>", rows.size() - kMost);
}

}  // namespace

void put_waivers(Html& html, const model::Snapshot& snapshot) {
  std::vector<Row> rows;
  report::each_key(snapshot, 0, [&](const KeyView& view) {
    take(rows, view, snapshot.wall);
    return true;
  });
  if (rows.empty()) return;
  html.put("<h2>Waivers</h2>\n");
  put_table(html, rows, snapshot.wall);
}

void put_waivers(Html& html, const KeyView& view, base::WallTime now) {
  std::vector<Row> rows;
  take(rows, view, now);
  if (rows.empty()) return;
  html.put("<h2>Waivers</h2>\n");
  put_table(html, rows, now);
}

}  // namespace aka::page
