// Evidence as one HTML file that refers to nothing outside itself. Entry point: to_html(). It wears
// the pages' stylesheet, with what paper needs beside it.
#include "page/html.h"

#include <algorithm>

#include "evidence/formats.h"
#include "page/assets.h"
#include "page/words.h"

namespace aka::evidence {
namespace {

using page::Html;
using page::Markup;

constexpr std::string_view kPaper =
    "@page{margin:15mm}@media print{:root{color-scheme:light}body{font-size:10pt;padding:0}"
    "section{break-inside:auto}tr{break-inside:avoid}a{color:inherit;text-decoration:none}}";

std::string name_of(const About& about) {
  if (about.org_id.empty()) return "—";
  std::string organization = about.org.empty() ? about.org_id : about.org;
  if (about.key_id.empty()) return organization;
  return organization + "/" + (about.key.empty() ? about.key_id : about.key);
}

Markup moment(const std::optional<base::WallTime>& time, std::string_view otherwise) {
  return time ? page::instant(*time) : page::markup("{}", otherwise);
}

/// "3 h 20 min", to the minute above an hour.
std::string exactly(base::Duration time) {
  using namespace std::chrono;  // NOLINT(google-build-using-namespace): for its units
  const auto whole = duration_cast<seconds>(time).count();
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {} h {} min", whole / 86400, whole % 86400 / 3600, whole % 3600 / 60);
}

std::string subject_of(const Incident& incident) {
  std::string subject = incident.kind;
  if (!incident.role.empty()) subject += " " + incident.role;
  if (!incident.project_id.empty()) subject += "@" + incident.project_id;
  return subject;
}

class Page {
 public:
  explicit Page(const Evidence& evidence) : evidence_(evidence), html_(text_) {}

  std::string write() {
    put_head();
    put_summary();
    put_chains();
    put_coverage();
    put_findings();
    put_waivers();
    put_keys();
    put_events();
    html_.put("</main><footer>Made by atlas-key-auditor {} at {}.</footer></body></html>\n",
              evidence_.version, page::instant(evidence_.made));
    return std::move(text_);
  }

 private:
  void put_head() {
    html_.put(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Atlas API keys: evidence</title><style>{}{}</style></head><body><main>
<h1>Evidence on the API keys of MongoDB Atlas</h1><p>From {} until {}.</p>
)",
              Markup{std::string(page::style().text)}, Markup{std::string(kPaper)},
              page::instant(evidence_.period.from), page::instant(evidence_.period.until));
  }

  void begin_table(std::string_view title, std::initializer_list<std::string_view> columns) {
    html_.put("<section><h2>{}</h2><table><thead><tr>", title);
    for (const std::string_view column : columns) html_.put(R"(<th scope="col">{}</th>)", column);
    html_.put("</tr></thead><tbody>\n");
  }

  void end_table() { html_.put("</tbody></table></section>\n"); }

  void cell(std::string_view label, const Markup& content) {
    html_.put(R"(<td data-label="{}">{}</td>)", label, content);
  }
  void cell(std::string_view label, std::string_view content) {
    cell(label, page::markup("{}", content));
  }

  void put_summary() {
    base::Duration exposed{};
    std::size_t open = 0;
    for (const Incident& incident : evidence_.incidents) {
      exposed += incident.exposed;
      if (!incident.closed) ++open;
    }
    html_.put(
        "<dl><dt>Keys watched</dt><dd>{}</dd><dt>Findings</dt><dd>{}, {} of them still open</dd>",
        evidence_.keys.size(), evidence_.incidents.size(), open);
    html_.put("<dt>Time exposed</dt><dd>{}, added up over all findings</dd>", exactly(exposed));
    html_.put("<dt>Journal</dt><dd>{}</dd></dl>\n",
              is_sound(evidence_) ? page::badge("good", "every record verifies")
                                  : page::badge("critical", "does not verify"));
  }

  void put_chains() {
    begin_table("The journal",
                {"chain", "records in the period", "newest record", "its hash", "verified"});
    for (const Chain& chain : evidence_.chains) {
      html_.put("<tr>");
      cell("chain", page::markup("<code>{}</code>", chain.name));
      cell("records in the period", std::to_string(chain.records));
      cell("newest record", fmt::format("{}, {}", chain.head_seq, chain.head_time));
      cell("its hash", page::markup(R"(<code class="hash">{}</code>)", chain.head_hash));
      cell("verified", chain.fault.empty() ? "yes, from record " + std::to_string(chain.first_seq)
                                           : "NO: " + chain.fault);
      html_.put("</tr>");
    }
    end_table();
    html_.put(
        "<p>Every record holds the hash of the one before it. To check that yourself: "
        "<code>atlas-key-auditor journal verify --config FILE</code>; or, without this program, "
        "<code>atlas-key-auditor journal export --config FILE | verify_export.py - --head "
        "HASH</code>. "
        "That no end was cut off shows a witness outside: the label <code>sha256</code> of the "
        "metric "
        "<code>atlas_key_auditor_journal_head_info</code>, as Prometheus recorded it at the "
        "time.</p>\n");
  }

  void put_coverage() {
    begin_table("Coverage", {"organization", "watched", "covered", "checkpoints", "polls",
                             "conclusive", "with unproven keys", "gaps"});
    for (const Coverage& one : evidence_.coverage) {
      html_.put("<tr>");
      cell("organization", name_of(one.about));
      cell("watched", page::markup("{} to {}", page::instant(one.watched.from),
                                   page::instant(one.watched.until)));
      cell("covered", fmt::format("{}.{} %", one.per_mille() / 10, one.per_mille() % 10));
      cell("checkpoints", std::to_string(one.checkpoints));
      cell("polls", std::to_string(one.polls));
      cell("conclusive", std::to_string(one.conclusive));
      cell("with unproven keys", std::to_string(one.unproven));
      cell("gaps", one.gaps.empty() ? "none" : page::counted(one.gaps.size(), "gap"));
      html_.put("</tr>");
    }
    end_table();
    html_.put(
        "<p>A time is covered if a process ran and the hourly checkpoint at its end counts a "
        "conclusive poll of the organization. In how many checkpoints some key had not been "
        "proven for more than 90 minutes stands beside it.</p>\n");
    put_gaps();
  }

  void put_gaps() {
    const bool any = std::ranges::any_of(evidence_.coverage,
                                         [](const Coverage& one) { return !one.gaps.empty(); });
    if (!any) {
      html_.put(
          "<p>There is no gap: a process watched all the time, and every checkpoint counts "
          "conclusive polls.</p>\n");
      return;
    }
    begin_table("Gaps", {"organization", "from", "until", "long", "why"});
    for (const Coverage& one : evidence_.coverage) {
      for (const Gap& gap : one.gaps) {
        html_.put("<tr>");
        cell("organization", name_of(one.about));
        cell("from", page::instant(gap.period.from));
        cell("until", page::instant(gap.period.until));
        cell("long", exactly(gap.period.until - gap.period.from));
        cell("why", gap.why);
        html_.put("</tr>");
      }
    }
    end_table();
  }

  void put_findings() {
    begin_table("Findings", {"key", "finding", "severity", "opened", "told", "closed",
                             "exposed in the period"});
    for (const Incident& one : evidence_.incidents) {
      html_.put("<tr>");
      cell("key", name_of(one.about));
      cell("finding", page::markup("<code>{}</code>", subject_of(one)));
      cell("severity", page::badge(one.severity, one.severity));
      cell("opened", page::instant(one.opened));
      cell("told", moment(one.told, "by no receiver of the auditor"));
      cell("closed", one.closed
                         ? page::markup("{}, by {}", page::instant(*one.closed), one.closed_by)
                         : page::markup("it lasts"));
      cell("exposed in the period", exactly(one.exposed));
      html_.put("</tr>\n");
    }
    end_table();
  }

  void put_waivers() {
    begin_table("Waivers",
                {"key", "finding", "from", "until", "allowed until", "reason", "ticket"});
    for (const Incident& one : evidence_.incidents) {
      for (const Waiving& waiving : one.waivings) {
        html_.put("<tr>");
        cell("key", name_of(one.about));
        cell("finding", page::markup("<code>{}</code>", subject_of(one)));
        cell("from", page::instant(waiving.from));
        cell("until", moment(waiving.until, "it lasts"));
        cell("allowed until",
             waiving.allowed_until.empty() ? "not recorded" : waiving.allowed_until);
        cell("reason", waiving.reason.empty() ? "not recorded" : waiving.reason);
        cell("ticket", waiving.ticket.empty() ? "none" : waiving.ticket);
        html_.put("</tr>\n");
      }
    }
    end_table();
  }

  void put_keys() {
    begin_table("Keys watched", {"key", "id", "owner", "from", "until"});
    for (const WatchedKey& key : evidence_.keys) {
      html_.put("<tr>");
      cell("key", name_of(key.about));
      cell("id", page::markup("<code>{}</code>", key.about.key_id));
      cell("owner", key.owner.empty() ? "nobody" : key.owner);
      cell("from", page::instant(key.added));
      cell("until", moment(key.removed, "is watched"));
      html_.put("</tr>\n");
    }
    end_table();
  }

  void put_events() {
    begin_table("What else the journal tells", {"time", "what", "about", "detail"});
    for (const Event& event : evidence_.events) {
      html_.put("<tr>");
      cell("time", page::instant(event.time));
      cell("what", page::markup("<code>{}</code>", event.type));
      cell("about", name_of(event.about));
      cell("detail", event.detail);
      html_.put("</tr>\n");
    }
    end_table();
  }

  const Evidence& evidence_;
  std::string text_;
  Html html_;
};

}  // namespace

std::string to_html(const Evidence& evidence) { return Page(evidence).write(); }

}  // namespace aka::evidence
