// The audit as JUnit XML, for pipelines that show test results: one suite for each organization,
// one test for each key, one failure for each open finding, an error for a key that could not be
// judged or a list of keys not read to its end, and "skipped" for one whose findings are all
// waived. Entry point: write_junit(), a row of format_table. Texts are made printable first, so no
// character is left that XML forbids.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "report/finding_text.h"
#include "report/format_table.h"
#include "report/keys.h"
#include "report/mend.h"
#include "report/printable.h"

namespace aka::report {
namespace {

using model::Finding;

/// For text and attributes alike.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char symbol : printable(text)) {
    switch (symbol) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += symbol;
    }
  }
  return result;
}

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;  ///< tests with open findings
  std::size_t errors = 0;    ///< tests that could not be judged
  std::size_t skipped = 0;

  Counts& operator+=(const Counts& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    return *this;
  }
};

bool has_waived(const model::KeyStatus& status) {
  return std::ranges::any_of(findings_of(status), &Finding::waived);
}

bool is_skipped(const model::KeyStatus& status) {
  return is_judged(status) && has_waived(status) && !has_open_findings(status);
}

Counts count(const model::Snapshot& snapshot, const model::Organization& organization) {
  Counts counts;
  for (std::size_t i = 0; i < organization.keys.size(); ++i) {
    const model::KeyStatus& status = snapshot.status(organization.first_key + i);
    const bool failed = has_open_findings(status);
    ++counts.tests;
    if (failed) ++counts.failures;
    // A test counts once, even if it both failed before and cannot be judged now.
    if (!is_judged(status) && !failed) ++counts.errors;
    if (is_skipped(status)) ++counts.skipped;
  }
  each_unmanaged_view(snapshot, organization, [&](const KeyView&) {
    ++counts.tests;
    ++counts.failures;
  });
  if (!unread_list(snapshot, organization).empty()) {
    ++counts.tests;
    ++counts.errors;
  }
  return counts;
}

std::string attributes_of(const Counts& counts) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.tests,
                     counts.failures, counts.errors, counts.skipped);
}

class JunitReport {
 public:
  JunitReport(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink)
      : snapshot_(snapshot), facts_(facts), blocks_(sink) {}

  bool write() {
    Counts all;
    for (const auto& organization : snapshot_.roster->organizations)
      all += count(snapshot_, organization);
    line(R"(<?xml version="1.0" encoding="UTF-8"?>)");
    line(fmt::format(R"(<testsuites name="atlas-key-auditor" {}>)", attributes_of(all)));
    for (const auto& organization : snapshot_.roster->organizations) {
      if (!write_suite(organization)) return false;
    }
    line("</testsuites>");
    return blocks_.flush();
  }

 private:
  bool write_suite(const model::Organization& organization) {
    line(fmt::format(R"(  <testsuite name="{}" {} timestamp="{}">)", escaped(organization.name),
                     attributes_of(count(snapshot_, organization)),
                     base::format_utc(snapshot_.wall)));
    line("    <properties>");
    write_property(6, "org_id", organization.id.to_string());
    write_property(6, "version", facts_.version);
    if (!facts_.config_path.empty()) write_property(6, "config", facts_.config_path);
    line("    </properties>");
    for (std::size_t i = 0; i < organization.keys.size(); ++i) {
      write_test(
          {organization, organization.keys[i], snapshot_.status(organization.first_key + i)});
      if (!blocks_.go_on()) return false;
    }
    each_unmanaged_view(snapshot_, organization, [&](const KeyView& view) { write_test(view); });
    write_unread_list(organization);
    line("  </testsuite>");
    return true;
  }

  void write_test(const KeyView& view) {
    line(fmt::format(R"(    <testcase classname="{}" name="{}">)", escaped(view.organization.name),
                     escaped(view.key.name)));
    line("      <properties>");
    write_property(8, "key_id", view.key.id.to_string());
    if (const auto policy = policy_label(view.key); !policy.empty())
      write_property(8, "policy", policy);
    if (!view.key.owner->empty()) write_property(8, "owner", *view.key.owner);
    for (const Finding& finding : findings_of(view.status)) {
      if (finding.waived) write_property(8, "waived", waived_text(view, finding));
    }
    line("      </properties>");
    for (const Finding& finding : findings_of(view.status)) {
      if (!finding.waived) write_failure(view, finding);
    }
    if (!is_judged(view.status)) write_error(view);
    if (is_skipped(view.status)) write_skipped(view);
    write_steps(view);
    line("    </testcase>");
  }

  /// A test of its own that only an incomplete list has, since a whole one shows in its keys.
  void write_unread_list(const model::Organization& organization) {
    const std::string& failure = unread_list(snapshot_, organization);
    if (failure.empty()) return;
    line(fmt::format(R"(    <testcase classname="{}" name="list of keys">)",
                     escaped(organization.name)));
    line(fmt::format(R"(      <error type="unread_list" message="{}">{}</error>)", escaped(failure),
                     escaped(unread_list_text(organization))));
    line("    </testcase>");
  }

  void write_property(int indent, std::string_view name, std::string_view value) {
    line(fmt::format(R"({:{}}<property name="{}" value="{}"/>)", "", indent, name, escaped(value)));
  }

  std::string waived_text(const KeyView& view, const Finding& finding) const {
    return fmt::format("{}: {}", sentence_of(view, finding),
                       forgiveness_of(view, finding, snapshot_.wall));
  }

  void write_failure(const KeyView& view, const Finding& finding) {
    line(fmt::format(R"(      <failure type="{}" message="{}">)", to_string(finding.kind),
                     escaped(sentence_of(view, finding))));
    line(escaped(text_of(finding.kind).title) + ".");
    line(fmt::format("severity: {}", to_string(finding.severity)));
    line("since: " + base::format_utc(finding.since));
    if (!finding.expected.empty()) line("expected: " + escaped(finding.expected));
    if (!finding.actual.empty()) line("found: " + escaped(finding.actual));
    line("      </failure>");
  }

  void write_error(const KeyView& view) {
    const model::KeyStatus& status = view.status;
    line(fmt::format(R"(      <error type="{}" message="{}">could not be judged{}</error>)",
                     outcome_of(status), escaped(why_unjudged(status)),
                     status.http_status == 0 ? "" : fmt::format("; HTTP {}", status.http_status)));
  }

  void write_skipped(const KeyView& view) {
    std::string message;
    for (const Finding& finding : findings_of(view.status)) {
      if (finding.waived) message += (message.empty() ? "" : "; ") + waived_text(view, finding);
    }
    line(fmt::format(R"(      <skipped message="{}"/>)", escaped(message)));
  }

  void write_steps(const KeyView& view) {
    const std::vector<Step> steps = mend(view);
    if (steps.empty()) return;
    line("      <system-out>");
    for (const Step& step : steps) {
      line(escaped(step.advice));
      if (!step.command.empty()) line("  " + escaped(step.command));
    }
    line("      </system-out>");
  }

  void line(std::string_view text) {
    blocks_.text() += text;
    blocks_.text() += '\n';
  }

  const model::Snapshot& snapshot_;
  const AuditFacts& facts_;
  Blocks blocks_;
};

}  // namespace

bool write_junit(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink) {
  return JunitReport(snapshot, facts, sink).write();
}

}  // namespace aka::report
