// The audit as text. Everything that was not written here goes through printable() on its way in.
#include "report/text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "policy/waivers.h"
#include "report/finding_text.h"
#include "report/keys.h"
#include "report/mend.h"
#include "report/printable.h"
#include "report/summary.h"

namespace aka::report {
namespace {

using model::Finding;
using model::Severity;

enum class Style { critical, warning, info, expected, actual, quiet, title };

constexpr std::array<std::string_view, 7> kStyles{"\x1b[1;31m", "\x1b[33m", "\x1b[36m", "\x1b[31m",
                                                  "\x1b[32m",   "\x1b[2m",  "\x1b[1m"};

Style style_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return Style::info;
    case Severity::warning:
      return Style::warning;
    case Severity::critical:
      return Style::critical;
  }
  return Style::critical;
}

std::string name_of(const KeyView& view) {
  return printable(fmt::format("{}/{}", view.organization.name, view.key.name));
}

std::string subject_of(const Finding& finding) {
  if (finding.role.empty()) return {};
  return printable(finding.project_id.empty()
                       ? " " + finding.role
                       : fmt::format(" {}@{}", finding.role, finding.project_id));
}

Severity worst_of(const KeyView& view) {
  Severity worst = Severity::info;
  for (const Finding& finding : findings_of(view.status)) {
    if (!finding.waived) worst = std::max(worst, finding.severity);
  }
  return worst;
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

class Report {
 public:
  Report(const model::Snapshot& snapshot, Colour colour) : snapshot_(snapshot), colour_(colour) {}

  std::string write() {
    for (const Severity severity : {Severity::critical, Severity::warning, Severity::info}) {
      write_keys(severity);
    }
    write_unmanaged();
    write_waived();
    write_waivers();
    write_unjudged();
    write_unread();
    write_summary();
    return std::move(out_);
  }

 private:
  std::string styled(Style style, std::string_view text) const {
    if (colour_ == Colour::off) return std::string(text);
    return fmt::format("{}{}\x1b[0m", kStyles[static_cast<std::size_t>(style)], text);
  }

  void line(std::string_view text) { out_ += fmt::format("{}\n", text); }

  /// Those whose worst open finding has the severity.
  void write_keys(Severity severity) {
    each_key(snapshot_, 0, [&](const KeyView& view) {
      if (has_open_findings(view.status) && worst_of(view) == severity) write_key(view);
      return true;
    });
  }

  void write_key(const KeyView& view) {
    ++drifting_;
    const std::string policy = policy_label(view.key);
    line(fmt::format(
        "{}  {}", styled(Style::title, name_of(view)),
        styled(Style::quiet, fmt::format("key {} of organization {}", view.key.id.to_string(),
                                         view.organization.id.to_string()))));
    line(fmt::format("  {}{}",
                     policy.empty() ? "expected to be absent" : "policy " + printable(policy),
                     view.key.owner->empty() ? "" : ", owner " + printable(*view.key.owner)));
    for (const Finding& finding : findings_of(view.status)) {
      if (!finding.waived) write_finding(finding);
    }
    write_steps(mend(view));
    line("");
  }

  void write_finding(const Finding& finding) {
    line(fmt::format("  {} {}  {}", styled(style_of(finding.severity), to_string(finding.severity)),
                     to_string(finding.kind),
                     styled(Style::quiet, "since " + base::format_utc(finding.since))));
    write_side(Style::expected, '-', finding.expected, finding.kind);
    write_side(Style::actual, '+', finding.actual, finding.kind);
  }

  void write_side(Style style, char sign, const std::string& text, model::FindingKind kind) {
    if (text.empty() && !compares_texts(kind)) return;
    line("    " +
         styled(style, fmt::format("{} {}", sign, text.empty() ? "(empty)" : printable(text))));
  }

  void write_steps(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      line("  > " + printable(step.advice));
      if (!step.command.empty()) line("    " + printable(step.command));
    }
  }

  void write_unmanaged() {
    bool titled = false;
    each_unmanaged(snapshot_, [&](const model::Organization& of, const model::UnmanagedKey& key) {
      if (!std::exchange(titled, true)) line(styled(Style::title, "Not in the configuration"));
      line(fmt::format("  {}/{}  {} {}", printable(of.name), key.id.to_string(),
                       styled(style_of(key.finding.severity), to_string(key.finding.severity)),
                       to_string(key.finding.kind)));
      ++drifting_;
      write_side(Style::actual, '+', key.finding.actual, key.finding.kind);
      return true;
    });
    if (!titled) return;
    line("  > List each in the configuration with a policy, or delete it in Atlas.");
    line("");
  }

  void write_unread() {
    for (const model::Organization& organization : snapshot_.roster->organizations) {
      const std::string& failure = unread_list(snapshot_, organization);
      if (failure.empty()) continue;
      line(unread_list_text(organization) + ":");
      line("    " + printable(failure));
      line("");
    }
  }

  void write_waived() {
    bool titled = false;
    each_key(snapshot_, 0, [&](const KeyView& view) {
      for (const Finding& finding : findings_of(view.status)) {
        if (!finding.waived) continue;
        if (!std::exchange(titled, true)) line(styled(Style::title, "Waived"));
        line(fmt::format("  {}  {}{}  {}", name_of(view), to_string(finding.kind),
                         subject_of(finding),
                         styled(Style::quiet, "since " + base::format_utc(finding.since))));
        line("    " + forgiveness_of(view, finding, snapshot_.wall));
      }
      return true;
    });
    if (titled) line("");
  }

  /// Those that should be removed from the configuration, or will soon matter no more.
  void write_waivers() {
    bool titled = false;
    each_key(snapshot_, 0, [&](const KeyView& view) {
      if (view.key.waivers == nullptr) return true;
      for (const model::Waiver& waiver : *view.key.waivers) {
        const model::WaiverState state = policy::waiver_state(waiver, view.status, snapshot_.wall);
        if (state == model::WaiverState::active) continue;
        if (!std::exchange(titled, true)) line(styled(Style::title, "Waivers to look at"));
        write_waiver(view, waiver, state);
      }
      return true;
    });
    if (titled) line("");
  }

  void write_waiver(const KeyView& view, const model::Waiver& waiver, model::WaiverState state) {
    const std::string subject = waiver.role.empty() ? waiver.actual
                                : waiver.project_id.empty()
                                    ? waiver.role
                                    : fmt::format("{}@{}", waiver.role, waiver.project_id);
    line(fmt::format("  {}  {}{}  {}", name_of(view), to_string(waiver.kind),
                     subject.empty() ? "" : " " + printable(subject),
                     styled(Style::warning, to_string(state))));
    line(printable(fmt::format("    until {}{}: {}", base::format_utc(waiver.until),
                               waiver.ticket.empty() ? "" : " (" + waiver.ticket + ")",
                               waiver.reason)));
  }

  void write_unjudged() {
    bool titled = false;
    each_key(snapshot_, 0, [&](const KeyView& view) {
      if (is_judged(view.status)) return true;
      if (!std::exchange(titled, true)) line(styled(Style::title, "Could not be judged"));
      write_failure(view);
      return true;
    });
    if (titled) line("");
  }

  void write_failure(const KeyView& view) {
    const model::KeyStatus& status = view.status;
    std::string outcome = outcome_of(status);
    if (status.http_status != 0) outcome += fmt::format(", HTTP {}", status.http_status);
    line(fmt::format("  {}  {}", name_of(view), styled(Style::warning, outcome)));
    if (status.message != nullptr) line("    " + printable(*status.message));
  }

  void write_summary() {
    const Summary summary = summarize(snapshot_);
    line(fmt::format("{}: {} compliant, {}{}, {} could not be judged", counted(summary.keys, "key"),
                     summary.compliant, counted(summary.findings, "finding"),
                     drifting_ == 0 ? "" : " on " + counted(drifting_, "key"),
                     summary.undetermined));
  }

  const model::Snapshot& snapshot_;
  const Colour colour_;
  std::size_t drifting_ = 0;  // keys with open findings, listed or not
  std::string out_;
};

}  // namespace

std::string audit_text(const model::Snapshot& snapshot, Colour colour) {
  return Report(snapshot, colour).write();
}

}  // namespace aka::report
