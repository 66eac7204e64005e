// The status page. Entry point: write_status_page(). What a reader needs in an incident comes
// first: the verdict in one sentence, the findings with what to do, then everything else.
#include "page/status_page.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>

#include "incident/drill.h"
#include "page/board.h"
#include "page/diff.h"
#include "page/frame.h"
#include "page/waivers.h"
#include "page/words.h"

namespace aka::page {
namespace {

using report::KeyView;

constexpr std::size_t kFindingsInCard = 12;
constexpr std::size_t kMostOrganizations = 200;

std::string headline_of(const Board& board) {
  if (board.keys == 0 && board.drifting == 0) return "No key is watched";
  std::string line = board.drifting == 0
                         ? "No finding is open"
                         : fmt::format("{} on {}", counted(board.findings, "open finding"),
                                       counted(board.drifting, "key"));
  if (board.unjudged > 0) line += fmt::format("; {} could not be judged", board.unjudged);
  if (board.stale > 0) line += fmt::format("; {} not proven of late", board.stale);
  return line;
}

std::string_view colour_of(const Board& board) {
  if (board.drifting > 0) return "critical";
  const bool all_proven = board.unjudged == 0 && board.stale == 0 && board.keys > 0;
  return all_proven ? "good" : "unknown";
}

/// When the key is asked for next, but for the jitter.
base::WallTime next_poll(const KeyView& view, const model::Snapshot& snapshot) {
  const auto interval = report::status_of(snapshot, view.organization).effective_interval;
  if (view.status.last_poll == base::WallTime{} || interval.count() == 0) return {};
  return view.status.last_poll + interval;
}

/// The ids of keys that alerts fire for.
std::unordered_set<std::string_view> alerting_keys(
    const std::vector<incident::SharedAlert>& firing) {
  std::unordered_set<std::string_view> ids;
  for (const incident::SharedAlert& alert : firing) {
    const auto label = alert->labels.find("key_id");
    const bool real = !alert->labels.contains(incident::kDrillLabel);
    if (real && label != alert->labels.end()) ids.insert(label->second);
  }
  return ids;
}

class StatusPage {
 public:
  StatusPage(const StatusView& view, const report::Sink& sink)
      : view_(view),
        snapshot_(view.snapshot),
        now_(view.snapshot.wall),
        board_(board_of(view.snapshot, view.filter)),
        alerting_(alerting_keys(view.firing)),
        blocks_(sink),
        html_(blocks_.text()) {}

  bool write() {
    put_head(html_, headline_of(board_));
    put_summary();
    put_form();
    put_findings_section();
    put_keys_section();
    put_pager();
    put_alerts();
    put_organizations();
    section("waivers", [&] { put_waivers(html_, snapshot_); });
    section("daemon", [&] {
      html_.put("<h2>The daemon itself</h2>\n");
      put_health(html_, view_.health, now_);
    });
    put_foot(html_, view_.health.facts.version);
    return blocks_.flush();
  }

 private:
  template <typename Content>
  void section(std::string_view id, const Content& content) {
    html_.put(R"(<section id="{}" data-live>)", id);
    content();
    html_.put("</section>\n");
  }

  void put_summary() {
    section("summary", [&] {
      html_.put(R"(<h1 class="{}">{}</h1><p class="meta">{} in {}, as of {}</p>)",
                colour_of(board_), headline_of(board_), counted(board_.keys, "key"),
                counted(snapshot_.roster->organizations.size(), "organization"), instant(now_));
      for (const std::string& trouble : troubles_of(view_.health)) {
        html_.put(R"(<p class="trouble">{}</p>)", trouble);
      }
      html_.put(R"(<ul class="tiles" aria-label="Keys by state">)");
      for (const Standing standing : kStandings) put_tile(standing);
      html_.put("</ul>");
    });
  }

  void put_tile(Standing standing) {
    const std::size_t count = board_.standings[static_cast<std::size_t>(standing)];
    Filter filter = view_.filter;
    const bool chosen = filter.standing == standing;
    filter.standing = chosen ? std::nullopt : std::optional(standing);
    filter.severity.reset();
    filter.page = 1;
    html_.put(R"(<li class="tile {} {}"><a href="{}"{}><span class="number">{}</span> {}</a></li>)",
              to_string(standing), count == 0 ? "none" : "some", address_of(filter),
              chosen ? markup(R"( aria-current="true")") : Markup{}, count, title_of(standing));
  }

  void put_option(std::string_view value, std::string_view text, bool chosen) {
    html_.put(R"(<option value="{}"{}>{}</option>)", value, chosen ? markup(" selected") : Markup{},
              text);
  }

  void put_form() {
    const Filter& filter = view_.filter;
    html_.put(R"(<form id="filter" action="/" method="get" role="search" aria-label="Filter keys">
<label>Search <input type="search" name="q" value="{}" placeholder="name, id, owner, role"></label>
<label>Show <select name="show">)",
              filter.search);
    put_option("", "every state", !filter.standing);
    for (const Standing standing : kStandings) {
      put_option(to_string(standing), title_of(standing), filter.standing == standing);
    }
    html_.put(R"(</select></label> <label>Severity <select name="severity">)");
    put_option("", "any", !filter.severity);
    for (const auto severity :
         {model::Severity::critical, model::Severity::warning, model::Severity::info}) {
      put_option(to_string(severity), to_string(severity), filter.severity == severity);
    }
    html_.put(R"(</select></label> <label>Organization <select name="org">)");
    put_option("", "all", filter.organization.empty());
    for (const model::Organization& organization : snapshot_.roster->organizations) {
      put_option(organization.name, organization.name, filter.organization == organization.name);
    }
    put_owners();
    html_.put(R"(<button type="submit">Filter</button> <a href="/">Show all</a></form>)"
              "\n");
  }

  void put_owners() {
    const std::string& chosen = view_.filter.owner;
    html_.put(R"(</select></label> <label>Owner <select name="owner">)");
    put_option("", "all", chosen.empty());
    for (const std::string& owner : board_.owners) put_option(owner, owner, chosen == owner);
    html_.put("</select></label> ");
  }

  void put_findings_section() {
    section("findings", [&] {
      const auto drifting = [](const Entry& entry) { return entry.standing == Standing::findings; };
      if (std::ranges::none_of(board_.entries, drifting)) return;
      html_.put("<h2>Findings</h2>\n");
      for (const Entry& entry : board_.entries) {
        if (!drifting(entry)) continue;
        with_view(snapshot_, entry, [&](const KeyView& view) { put_card(view, entry); });
        if (!blocks_.go_on()) return;
      }
    });
  }

  void put_card(const KeyView& view, const Entry& entry) {
    const std::string policy = report::policy_label(view.key);
    html_.put(R"(<article class="card {}" id="k-{}-{}"><h3>{} {}{}</h3><p class="meta">)",
              to_string(worst_of(view.status)), view.organization.id.to_string(),
              view.key.id.to_string(), link_to(view), badge_of(entry.standing, view.status),
              alerting_.contains(view.key.id.to_string())
                  ? markup(" {}", badge("quiet", "alert firing"))
                  : Markup{});
    if (!entry.unlisted) {
      html_.put("{} · ", policy.empty() ? "must stay deleted" : "policy " + policy);
    }
    html_.put("owner {} · differs since {}", view.key.owner->empty() ? "nobody" : *view.key.owner,
              ago(model::drift_since(view.status).value_or(base::WallTime{}), now_));
    if (!entry.unlisted) html_.put(" · last proven {}", ago(view.status.last_success, now_));
    html_.put("</p>");
    put_findings(html_, view, now_, kFindingsInCard);
    put_steps(html_, view);
    html_.put("</article>\n");
  }

  void put_keys_section() {
    section("keys", [&] {
      const auto other = std::ranges::count_if(
          board_.entries, [](const Entry& entry) { return entry.standing != Standing::findings; });
      if (board_.matching == 0) html_.put("<p>No key fits this filter.</p>");
      if (other == 0) return;
      html_.put(R"(<h2>Keys without findings</h2>
<table class="keys"><caption>The worst first</caption><thead><tr><th scope="col">key</th><th scope="col">state</th><th scope="col">owner</th><th scope="col">policy</th><th scope="col">last poll</th><th scope="col">last proven</th><th scope="col">next poll</th></tr></thead><tbody>)");
      for (const Entry& entry : board_.entries) {
        if (entry.standing == Standing::findings) continue;
        with_view(snapshot_, entry, [&](const KeyView& view) { put_row(view, entry); });
        if (!blocks_.go_on()) return;
      }
      html_.put("</tbody></table>");
    });
  }

  void put_row(const KeyView& view, const Entry& entry) {
    const std::string policy = report::policy_label(view.key);
    html_.put(
        R"(<tr id="k-{}-{}"><th scope="row" data-label="key">{}</th><td data-label="state">{}</td>)",
        view.organization.id.to_string(), view.key.id.to_string(), link_to(view),
        badge_of(entry.standing, view.status));
    html_.put(
        R"(<td data-label="owner">{}</td><td data-label="policy">{}</td><td data-label="last poll">{}</td>)",
        view.key.owner->empty() ? "—" : *view.key.owner,
        policy.empty() ? "must stay deleted" : policy, ago(view.status.last_poll, now_));
    html_.put(R"(<td data-label="last proven">{}</td><td data-label="next poll">{}</td></tr>)"
              "\n",
              ago(view.status.last_success, now_), ahead(next_poll(view, snapshot_), now_));
  }

  void put_turn(std::size_t page, std::string_view relation, std::string_view text) {
    Filter filter = view_.filter;
    filter.page = page;
    html_.put(R"(<a rel="{}" href="{}">{}</a> )", relation, address_of(filter), text);
  }

  void put_pager() {
    section("pages", [&] {
      if (board_.pages == 1) return;
      html_.put(R"(<nav aria-label="Pages of keys">)");
      if (board_.page > 1) put_turn(board_.page - 1, "prev", "Previous");
      const std::size_t first = (board_.page - 1) * Board::kPageSize;
      html_.put("<span>{} to {} of {}, page {} of {}</span> ", first + 1,
                first + board_.entries.size(), counted(board_.matching, "key"), board_.page,
                board_.pages);
      if (board_.page < board_.pages) put_turn(board_.page + 1, "next", "Next");
      html_.put("</nav>");
    });
  }

  void put_alerts() {
    std::map<std::string, std::size_t> counts;
    for (const auto& alert : view_.firing) ++counts[std::string(to_string(alert->name))];
    section("alerts", [&] {
      html_.put("<h2>Alerts that fire</h2>\n");
      if (counts.empty()) html_.put("<p>None.</p>");
      html_.put(R"(<ul class="plain">)");
      for (const auto& [name, count] : counts)
        html_.put("<li>{} × <code>{}</code></li>", count, name);
      for (const auto& alert : view_.firing) {
        const bool drill = alert->labels.contains(incident::kDrillLabel);
        // Those of keys stand with their keys.
        if ((alert->labels.contains("key_id") && !drill) ||
            alert->name == incident::AlertName::auditor_alive)
          continue;
        html_.put("<li>{} {} · since {}</li>",
                  badge(drill ? "quiet" : "unknown", drill ? "drill" : to_string(alert->name)),
                  alert->summary, ago(alert->starts_at, now_));
      }
      html_.put("</ul>");
    });
  }

  void put_organizations() {
    section("organizations", [&] {
      html_.put(R"(<h2>Organizations</h2>
<table><thead><tr><th scope="col">organization</th><th scope="col">keys</th><th scope="col">reached</th><th scope="col">last poll</th><th scope="col">each key every</th><th scope="col">seen within</th><th scope="col">requests left</th><th scope="col">unlisted keys</th></tr></thead><tbody>)");
      const auto& all = snapshot_.roster->organizations;
      for (std::size_t i = 0; i < std::min(all.size(), kMostOrganizations); ++i) {
        put_organization(i);
        if (!blocks_.go_on()) return;
      }
      html_.put("</tbody></table>");
      if (all.size() > kMostOrganizations) {
        html_.put("<p>And {} more.</p>", all.size() - kMostOrganizations);
      }
    });
  }

  void put_organization(std::size_t index) {
    const model::Organization& organization = snapshot_.roster->organizations[index];
    const model::OrganizationStatus& status = snapshot_.organizations[index];
    const Tally& tally = board_.organizations[index];
    Filter filter;
    filter.organization = organization.name;
    const std::size_t good = tally.standings[static_cast<std::size_t>(Standing::compliant)];
    html_.put(
        R"(<tr id="o-{}"><th scope="row" data-label="organization"><a href="{}">{}</a></th><td data-label="keys">{} of {} compliant</td>)",
        organization.id.to_string(), address_of(filter), organization.name, good,
        organization.keys.size());
    html_.put(R"(<td data-label="reached">{}</td><td data-label="last poll">{}</td>)",
              reached(status), ago(tally.last_poll, now_));
    html_.put(
        R"(<td data-label="each key every">{}</td><td data-label="seen within">{}</td><td data-label="requests left">{}</td><td data-label="unlisted keys">{}</td></tr>)"
        "\n",
        base::format_duration(status.effective_interval),
        base::format_duration(status.detection_bound),
        status.rate_limit_remaining ? std::to_string(*status.rate_limit_remaining) : "unknown",
        unlisted(organization, status));
  }

  static Markup reached(const model::OrganizationStatus& status) {
    if (status.last_conclusive == base::SteadyTime{}) return badge("unknown", "not yet");
    return status.unreachable ? badge("critical", "out of reach") : badge("good", "yes");
  }

  static std::string unlisted(const model::Organization& organization,
                              const model::OrganizationStatus& status) {
    if (!organization.discover) return "not looked for";
    if (status.discovery == nullptr) return "not looked yet";
    const std::string count = std::to_string(status.discovery->unmanaged.size());
    return status.discovery->failure.empty()
               ? count
               : fmt::format("{}, list not read to its end: {}", count, status.discovery->failure);
  }

  const StatusView& view_;
  const model::Snapshot& snapshot_;
  const base::WallTime now_;
  const Board board_;
  const std::unordered_set<std::string_view> alerting_;
  report::Blocks blocks_;
  Html html_;
};

}  // namespace

bool write_status_page(const StatusView& view, const report::Sink& sink) {
  return StatusPage(view, sink).write();
}

}  // namespace aka::page
