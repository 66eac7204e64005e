// A key's findings as a reader in a hurry needs them: the difference, then its meaning, then what
// to do about it.
#include "page/diff.h"

#include <algorithm>

#include "page/words.h"
#include "report/finding_text.h"
#include "report/mend.h"

namespace aka::page {
namespace {

using model::Finding;
using report::KeyView;

void put_side(Html& html, std::string_view kind, std::string_view label, const std::string& text) {
  html.put(R"(<p class="side {}"><span class="label">{}</span> <code>{}</code></p>)", kind, label,
           text.empty() ? "(empty)" : text);
}

void put_sides(Html& html, const Finding& finding) {
  const bool compares = report::compares_texts(finding.kind);
  html.put(R"(<div class="diff">)");
  if (compares || !finding.expected.empty()) {
    put_side(html, "wanted", "should be", finding.expected);
  }
  if (compares || !finding.actual.empty()) put_side(html, "met", "is", finding.actual);
  html.put("</div>");
}

void put_finding(Html& html, const KeyView& view, const Finding& finding, base::WallTime now) {
  const report::KindText& text = report::text_of(finding.kind);
  html.put(
      R"(<li class="difference"><h4>{}</h4><p class="meta">{} <code>{}</code> · since {}{}</p>)",
      text.title,
      finding.waived ? badge("quiet", "waived")
                     : badge(to_string(finding.severity), to_string(finding.severity)),
      to_string(finding.kind), ago(finding.since, now),
      finding.widens ? markup(" · <strong>gives more access than the policy does</strong>")
                     : Markup{});
  put_sides(html, finding);
  html.put("<p>{}</p>",
           finding.waived ? report::forgiveness_of(view, finding, now) : std::string(text.meaning));
  html.put("</li>\n");
}

/// Of a failed poll: "403 forbidden/denied".
std::string outcome_of(const model::KeyStatus& status) {
  return status.http_status == 0
             ? report::outcome_of(status)
             : fmt::format("{} {}", status.http_status, report::outcome_of(status));
}

std::string_view kind_of(Standing standing) {
  switch (standing) {
    case Standing::findings:
      return "critical";
    case Standing::compliant:
      return "good";
    case Standing::pending:
      return "quiet";
    case Standing::unauthorized:
    case Standing::forbidden:
    case Standing::not_found:
    case Standing::error:
    case Standing::rate_limited:
    case Standing::stale:
      break;
  }
  return "unknown";
}

}  // namespace

std::string address_of(const KeyView& view) {
  return fmt::format("/keys/{}/{}", view.organization.id.to_string(), view.key.id.to_string());
}

Markup link_to(const KeyView& view) {
  return markup(R"(<a href="{}">{}/<wbr>{}</a>)", address_of(view), view.organization.name,
                view.key.name);
}

Markup badge_of(Standing standing, const model::KeyStatus& status) {
  if (standing == Standing::findings) {
    const auto severity = to_string(worst_of(status));
    Markup worst = badge(severity, severity);
    if (report::is_judged(status)) return worst;
    // What was found is held, but nobody can see whether it is still so.
    return markup("{} {}", worst, badge("unknown", outcome_of(status)));
  }
  const bool failed = !report::is_judged(status) && standing != Standing::pending;
  return badge(kind_of(standing), failed ? outcome_of(status) : std::string(title_of(standing)));
}

void put_findings(Html& html, const KeyView& view, base::WallTime now, std::size_t most) {
  std::vector<const Finding*> order;
  for (const Finding& finding : report::findings_of(view.status)) order.push_back(&finding);
  std::ranges::stable_sort(order, [](const Finding* left, const Finding* right) {
    if (left->waived != right->waived) return right->waived;
    return left->severity > right->severity;
  });
  html.put(R"(<ul class="plain">)");
  for (std::size_t i = 0; i < std::min(most, order.size()); ++i) {
    put_finding(html, view, *order[i], now);
  }
  html.put("</ul>\n");
  if (order.size() <= most) return;
  html.put(R"(<p><a href="{}">And {} more</a></p>)", address_of(view), order.size() - most);
}

void put_steps(Html& html, const KeyView& view) {
  const std::vector<report::Step> steps = report::mend(view);
  if (steps.empty()) return;
  html.put(R"(<h4>What to do</h4><ol class="steps">)");
  for (const report::Step& step : steps) {
    html.put("<li>{}", step.advice);
    if (!step.command.empty()) {
      html.put(
          R"(<div class="command"><code>{}</code><button type="button" class="copy" aria-label="Copy the command">Copy</button></div>)",
          step.command);
    }
    html.put("</li>");
  }
  html.put("</ol>\n");
}

}  // namespace aka::page
