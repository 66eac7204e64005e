// The page of one key: policy, what the service said of it, the difference, and its history.
#include "page/key_page.h"

#include <algorithm>

#include "page/diff.h"
#include "page/frame.h"
#include "page/waivers.h"
#include "page/words.h"
#include "report/explain.h"
#include "report/finding_text.h"

namespace aka::page {
namespace {

using model::FindingKind;
using report::KeyView;

constexpr std::size_t kMostFindings = 500;

const model::Finding* found(const KeyView& view, FindingKind kind) {
  const model::Findings& findings = report::findings_of(view.status);
  const auto finding = std::ranges::find(findings, kind, &model::Finding::kind);
  return finding == findings.end() ? nullptr : &*finding;
}

class KeyPage {
 public:
  KeyPage(const model::Snapshot& snapshot, const KeyView& view, Html& html)
      : snapshot_(snapshot), view_(view), status_(view.status), now_(snapshot.wall), html_(html) {}

  void put_listed() {
    put_title(standing_of(view_, snapshot_));
    put_facts();
    html_.put("</section>\n");
    put_difference();
    html_.put(R"(<section id="policy"><h2>Policy as read</h2><pre>{}</pre></section>)"
              "\n",
              Markup{lines(report::explain_key(view_.key, now_))});
    put_record();
    html_.put(R"(<section id="waivers" data-live>)");
    put_waivers(html_, view_, now_);
    html_.put("</section>\n");
  }

  void put_unlisted(const model::UnmanagedKey& key) {
    put_title(Standing::findings);
    html_.put(
        "<dl><dt>Organization</dt><dd>{} <code>{}</code></dd><dt>Key</dt><dd><code>{}</code></dd>",
        view_.organization.name, view_.organization.id.to_string(), key.id.to_string());
    html_.put(
        "<dt>Description</dt><dd>{}</dd><dt>Public "
        "key</dt><dd><code>{}</code></dd><dt>Roles</dt><dd>",
        key.description.empty() ? "(none)" : key.description, key.public_key);
    for (const model::Role& role : key.roles) html_.put("<code>{}</code> ", model::to_string(role));
    html_.put("</dd></dl></section>\n");
    put_difference();
  }

 private:
  /// Escaped, but for the line breaks between the lines.
  static std::string lines(std::string_view text) {
    std::string html;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      html += escaped(text.substr(0, end)) + "\n";
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return html;
  }

  void put_title(Standing standing) {
    html_.put(R"(<section id="key" data-live><h1>{}/<wbr>{} {}</h1><p class="meta">as of {}</p>)",
              view_.organization.name, view_.key.name, badge_of(standing, status_), instant(now_));
    if (!report::is_judged(status_) && standing != Standing::pending) {
      html_.put(R"(<p class="trouble">The last poll proved nothing about the key: {}</p>)",
                report::why_unjudged(status_));
    } else if (standing == Standing::stale) {
      html_.put(
          R"(<p class="trouble">Nothing is known against the key, but that was not proven of late, or not by the policy in force.</p>)");
    }
  }

  void put_facts() {
    const auto interval = report::status_of(snapshot_, view_.organization).effective_interval;
    html_.put(
        "<dl><dt>Organization</dt><dd>{} <code>{}</code></dd><dt>Key</dt><dd><code>{}</code></dd>",
        view_.organization.name, view_.organization.id.to_string(), view_.key.id.to_string());
    html_.put(
        "<dt>Owner</dt><dd>{}</dd><dt>Last poll</dt><dd>{}, {}</dd><dt>Last proven</dt><dd>{}</dd>",
        view_.key.owner->empty() ? "nobody" : *view_.key.owner, ago(status_.last_poll, now_),
        report::outcome_of(status_), ago(status_.last_success, now_));
    const bool polled = status_.last_poll != base::WallTime{} && interval.count() > 0;
    html_.put("<dt>Next poll</dt><dd>{}</dd><dt>Watched since</dt><dd>{}</dd>",
              ahead(polled ? status_.last_poll + interval : base::WallTime{}, now_),
              instant(status_.watched_since));
    html_.put(R"(<dt>As JSON</dt><dd><a href="/api/v1{}">/api/v1{}</a></dd></dl>)",
              address_of(view_), address_of(view_));
  }

  void put_difference() {
    html_.put(R"(<section id="difference" data-live>)");
    if (!report::findings_of(status_).empty()) {
      html_.put("<h2>Difference</h2>\n<h3 class=\"unseen\">Findings</h3>");
      put_findings(html_, view_, now_, kMostFindings);
      put_steps(html_, view_);
    }
    html_.put("</section>\n");
  }

  /// The daemon keeps what differs and no more; for exact rules that is all there is to know.
  void put_record() {
    html_.put(R"(<section id="record" data-live><h2>Record as last seen</h2>)");
    switch (status_.evidence) {
      case model::Evidence::none:
        html_.put("<p>The service has not told of this key yet.</p>");
        break;
      case model::Evidence::missing:
        html_.put("<p>The service says that there is no such key ({}).</p>",
                  ago(status_.last_success, now_));
        break;
      case model::Evidence::record:
        html_.put("<p>Of {}. The private key is never shown or kept.</p><dl>",
                  ago(status_.last_success, now_));
        put_texts();
        put_roles();
        html_.put("</dl>");
        break;
    }
    html_.put("</section>\n");
  }

  void put_texts() {
    const auto* description = found(view_, FindingKind::description_mismatch);
    const bool described = view_.key.policy != nullptr && view_.key.policy->description.has_value();
    html_.put("<dt>Description</dt><dd>{}</dd>", description != nullptr ? description->actual
                                                 : described            ? "as the policy says"
                                                                        : "not checked, not kept");
    const auto* public_key = found(view_, FindingKind::public_key_changed);
    html_.put("<dt>Public key</dt><dd>{}</dd>", public_key != nullptr ? public_key->actual
                                                : view_.key.public_key.empty()
                                                    ? "not checked, not kept"
                                                    : view_.key.public_key);
    html_.put("<dt>Private key</dt><dd>{}</dd>",
              found(view_, FindingKind::private_key_exposed) != nullptr
                  ? "was shown by the service; not kept"
                  : "redacted by the service");
  }

  void put_roles() {
    if (view_.key.policy == nullptr || !view_.key.policy->roles) {
      html_.put("<dt>Roles</dt><dd>not checked, not kept</dd>");
      return;
    }
    const model::RoleRules& rules = *view_.key.policy->roles;
    html_.put("<dt>Roles</dt><dd><ul class=\"plain\">");
    for (const model::RolePattern& pattern : rules.required) {
      const bool missing = lacks(pattern);
      html_.put("<li>{} <code>{}</code></li>",
                missing ? badge("warning", "missing") : badge("good", "there"),
                model::to_string(pattern));
    }
    for (const model::Finding& finding : report::findings_of(status_)) {
      if (finding.kind != FindingKind::role_forbidden &&
          finding.kind != FindingKind::role_unexpected)
        continue;
      html_.put("<li>{} <code>{}</code></li>",
                badge(finding.waived ? "quiet" : to_string(finding.severity),
                      finding.kind == FindingKind::role_forbidden ? "forbidden" : "unexpected"),
                report::role_of(finding));
    }
    html_.put("</ul>{}</dd>", rules.exact || rules.allowed.empty()
                                  ? ""
                                  : "Which of the roles it may hold it does hold is not kept.");
  }

  bool lacks(const model::RolePattern& pattern) const {
    return std::ranges::any_of(report::findings_of(status_), [&](const model::Finding& finding) {
      return finding.kind == FindingKind::role_missing && finding.role == pattern.name &&
             finding.project_id == pattern.project_text();
    });
  }

  const model::Snapshot& snapshot_;
  const KeyView& view_;
  const model::KeyStatus& status_;
  const base::WallTime now_;
  Html& html_;
};

/// Whether the key was found, and put.
bool put_key(Html& html, const model::Snapshot& snapshot, const model::Organization& organization,
             model::KeyId key) {
  for (std::size_t i = 0; i < organization.keys.size(); ++i) {
    if (organization.keys[i].id != key) continue;
    const KeyView view{organization, organization.keys[i],
                       snapshot.status(organization.first_key + i)};
    put_head(html, organization.name + "/" + view.key.name);
    KeyPage(snapshot, view, html).put_listed();
    return true;
  }
  const auto& discovery = report::status_of(snapshot, organization).discovery;
  if (discovery == nullptr) return false;
  const auto unlisted = std::ranges::find(discovery->unmanaged, key, &model::UnmanagedKey::id);
  if (unlisted == discovery->unmanaged.end()) return false;
  report::each_unmanaged_view(snapshot, organization, [&](const KeyView& view) {
    if (view.key.id != key) return;
    put_head(html, organization.name + "/" + view.key.name);
    KeyPage(snapshot, view, html).put_unlisted(*unlisted);
  });
  return true;
}

}  // namespace

std::optional<std::string> key_page(const model::Snapshot& snapshot,
                                    model::OrganizationId organization, model::KeyId key,
                                    const History& history, std::string_view version) {
  std::string page;
  Html html(page);
  const auto& all = snapshot.roster->organizations;
  const auto of = std::ranges::find(all, organization, &model::Organization::id);
  if (of == all.end() || !put_key(html, snapshot, *of, key)) {
    if (history.records.empty()) return std::nullopt;
    put_head(html, "A key of the past");
    html.put(
        "<h1>A key of the past</h1><p>The configuration does not list {} of {} any more; its "
        "records remain.</p>",
        key.to_string(), organization.to_string());
  }
  html.put(R"(<section id="history" data-live><h2>History</h2>)");
  put_history(html, history, snapshot.wall);
  html.put("</section>\n");
  put_foot(html, version);
  return page;
}

}  // namespace aka::page
