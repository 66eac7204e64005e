// The audit as SARIF 2.1.0, for code scanning pages: a rule for each kind of finding, a result for
// each finding, a suppression for each waived one, and a notification for each key that could not
// be judged and each list of keys not read to its end, since silence there would read as "nothing
// found". Entry point: write_sarif(), a row of format_table. Source:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
#include <functional>
#include <string>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "policy/severity.h"
#include "policy/waivers.h"
#include "report/finding_text.h"
#include "report/format_table.h"
#include "report/json_writer.h"
#include "report/keys.h"
#include "report/mend.h"
#include "report/printable.h"
#include "report/summary.h"

namespace aka::report {
namespace {

using model::Finding;
using model::FindingKind;
using model::Severity;

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "error";
  }
  return "error";
}

/// A path as a URI reference.
std::string uri_of(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char symbol : path) {
    const auto byte = static_cast<unsigned char>(symbol);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || kPlain.find(symbol) != kPlain.npos;
    uri += plain ? std::string(1, symbol) : fmt::format("%{:02X}", byte);
  }
  return uri;
}

class SarifReport {
 public:
  SarifReport(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink)
      : snapshot_(snapshot), facts_(facts), blocks_(sink), json_(blocks_.text()) {}

  bool write() {
    json_.begin_object();
    json_.key("$schema").text(kSchema);
    json_.key("version").text("2.1.0");
    json_.key("runs").begin_array().begin_object();
    write_tool();
    json_.new_line();
    if (!write_invocation()) return false;
    json_.new_line();
    write_artifacts();
    json_.new_line();
    if (!write_results()) return false;
    json_.key("columnKind").text("unicodeCodePoints");
    json_.end_object().end_array().end_object();
    blocks_.text() += '\n';
    return blocks_.flush();
  }

 private:
  void message(std::string_view name, std::string_view text) {
    json_.key(name).begin_object().key("text").text(text).end_object();
  }

  void write_tool() {
    json_.key("tool").begin_object().key("driver").begin_object();
    json_.key("name").text("atlas-key-auditor");
    json_.key("semanticVersion").text(facts_.version);
    json_.key("rules").begin_array();
    for (const FindingKind kind : model::kFindingKinds) {
      json_.new_line();
      write_rule(kind);
    }
    json_.new_line();
    json_.end_array().end_object().end_object();
  }

  void write_rule(FindingKind kind) {
    const KindText& text = text_of(kind);
    json_.begin_object();
    json_.key("id").text(to_string(kind));
    message("shortDescription", fmt::format("{}.", text.title));
    message("fullDescription", fmt::format("{}. {}", text.title, text.meaning));
    message("help", text.mending);
    // Each result has its own level, since a policy may override it.
    json_.key("defaultConfiguration").begin_object();
    json_.key("level").text(level_of(policy::usual_severity(kind).least));
    json_.end_object().end_object();
  }

  bool write_invocation() {
    const Summary summary = summarize(snapshot_);
    json_.key("invocations").begin_array().begin_object();
    if (facts_.started != base::WallTime{}) json_.key("startTimeUtc").time(facts_.started);
    json_.key("endTimeUtc").time(snapshot_.wall);
    json_.key("exitCode").integer(exit_code(summary));
    json_.key("executionSuccessful").boolean(summary.undetermined + summary.unread_lists == 0);
    json_.key("toolExecutionNotifications").begin_array();
    const bool open = each([&](const KeyView& view) {
      if (!is_judged(view.status)) write_notification(view);
    });
    for (const model::Organization& organization : snapshot_.roster->organizations)
      write_unread_list(organization);
    json_.new_line();
    json_.end_array().end_object().end_array();
    return open;
  }

  void write_notification(const KeyView& view) {
    json_.new_line();
    json_.begin_object();
    json_.key("descriptor").begin_object();
    json_.key("id").text(outcome_of(view.status));
    json_.end_object();
    json_.key("level").text("error");
    message("message", fmt::format("{} could not be judged: {}",
                                   printable(view.organization.name + "/" + view.key.name),
                                   why_unjudged(view.status)));
    if (view.status.last_poll != base::WallTime{}) json_.key("timeUtc").time(view.status.last_poll);
    write_locations(view);
    json_.end_object();
  }

  void write_unread_list(const model::Organization& organization) {
    const std::string& failure = unread_list(snapshot_, organization);
    if (failure.empty()) return;
    json_.new_line();
    json_.begin_object();
    json_.key("descriptor").begin_object().key("id").text("unread_list").end_object();
    json_.key("level").text("error");
    message("message", fmt::format("{}: {}", unread_list_text(organization), printable(failure)));
    json_.key("locations").begin_array().begin_object();
    write_configuration_place();
    json_.key("logicalLocations").begin_array();
    write_logical_location(organization.name, organization.name, "organization");
    json_.end_array().end_object().end_array();
    json_.end_object();
  }

  void write_artifacts() {
    json_.key("artifacts").begin_array();
    if (!facts_.config_path.empty()) {
      json_.begin_object().key("location").begin_object();
      json_.key("uri").text(uri_of(facts_.config_path));
      json_.end_object().key("roles").begin_array();
      json_.text("userSpecifiedConfiguration");
      if (facts_.config_path.ends_with('/')) json_.text("directory");
      json_.end_array().end_object();
    }
    json_.end_array();
  }

  bool write_results() {
    json_.key("results").begin_array();
    const bool open = each([&](const KeyView& view) {
      for (const Finding& finding : findings_of(view.status)) write_result(view, finding);
    });
    for (const model::Organization& organization : snapshot_.roster->organizations) {
      each_unmanaged_view(snapshot_, organization, [&](const KeyView& view) {
        write_result(view, view.status.findings->front());
      });
    }
    json_.new_line();
    json_.end_array();
    return open;
  }

  void write_result(const KeyView& view, const Finding& finding) {
    json_.new_line();
    json_.begin_object();
    json_.key("ruleId").text(to_string(finding.kind));
    json_.key("ruleIndex").integer(static_cast<int>(finding.kind));
    json_.key("level").text(level_of(finding.severity));
    message("message", sentence_of(view, finding));
    write_locations(view);
    // What makes it the same finding in the next run, whatever its severity and texts.
    json_.key("partialFingerprints").begin_object().key("finding/v1");
    json_.text(fmt::format("{}/{}/{}/{}", view.organization.id.to_string(), view.key.id.to_string(),
                           to_string(finding.kind), role_of(finding)));
    json_.end_object();
    json_.key("suppressions").begin_array();
    if (finding.waived) write_suppression(view, finding);
    json_.end_array();
    write_properties(view, finding);
    json_.end_object();
  }

  void write_suppression(const KeyView& view, const Finding& finding) {
    json_.begin_object();
    json_.key("kind").text("external");
    json_.key("status").text("accepted");
    json_.key("justification").text(forgiveness_of(view, finding, snapshot_.wall));
    json_.end_object();
  }

  void write_locations(const KeyView& view) {
    const std::string& organization = view.organization.name;
    json_.key("locations").begin_array().begin_object();
    write_configuration_place();
    json_.key("logicalLocations").begin_array();
    write_logical_location(view.key.name, fmt::format("{}/{}", organization, view.key.name), "key");
    write_logical_location(organization, organization, "organization");
    json_.end_array().end_object().end_array();
  }

  void write_configuration_place() {
    if (facts_.config_path.empty()) return;
    json_.key("physicalLocation").begin_object().key("artifactLocation").begin_object();
    json_.key("uri").text(uri_of(facts_.config_path));
    json_.key("index").integer(0);
    json_.end_object().end_object();
  }

  void write_logical_location(std::string_view name, std::string_view full, std::string_view kind) {
    json_.begin_object();
    json_.key("name").text(name);
    json_.key("fullyQualifiedName").text(full);
    json_.key("kind").text(kind);
    json_.end_object();
  }

  void write_properties(const KeyView& view, const Finding& finding) {
    json_.key("properties").begin_object();
    json_.key("org_id").text(view.organization.id.to_string());
    json_.key("key_id").text(view.key.id.to_string());
    json_.key("severity").text(to_string(finding.severity));
    json_.key("since").time(finding.since);
    json_.key("role").text_or_null(finding.role);
    json_.key("project_id").text_or_null(finding.project_id);
    json_.key("owner").text_or_null(*view.key.owner);
    json_.key("to_do").begin_array();
    if (!finding.waived) {
      for (const Step& step : mend(view)) {
        json_.text(step.command.empty() ? step.advice
                                        : fmt::format("{} {}", step.advice, step.command));
      }
    }
    json_.end_array().end_object();
  }

  bool each(const std::function<void(const KeyView&)>& visit) {
    bool open = true;
    each_key(snapshot_, 0, [&](const KeyView& view) {
      visit(view);
      open = blocks_.go_on();
      return open;
    });
    return open;
  }

  const model::Snapshot& snapshot_;
  const AuditFacts& facts_;
  Blocks blocks_;
  JsonWriter json_;
};

}  // namespace

bool write_sarif(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink) {
  return SarifReport(snapshot, facts, sink).write();
}

}  // namespace aka::report
