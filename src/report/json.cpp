// The JSON documents. Arrays go out in blocks as they are written; an entry of keys is the same
// everywhere.
#include "report/json.h"

#include <algorithm>
#include <array>

#include "policy/waivers.h"
#include "report/json_writer.h"
#include "report/keys.h"
#include "report/summary.h"

namespace aka::report {
namespace {

/// A JSON text that leaves in blocks.
class Stream {
 public:
  explicit Stream(const Sink& sink) : blocks_(sink), json_(blocks_.text()) {}

  JsonWriter& json() { return json_; }

  /// To be asked after each element; false: nobody reads any more.
  bool go_on() { return blocks_.go_on(); }

  bool finish() {
    blocks_.text() += '\n';
    return blocks_.flush();
  }

 private:
  Blocks blocks_;
  JsonWriter json_;
};

void write_expectation(JsonWriter& json, std::string_view name, const std::string& text,
                       model::FindingKind kind) {
  json.key(name);
  if (compares_texts(kind)) {
    json.text(text);
  } else {
    json.text_or_null(text);
  }
}

void write_finding_members(JsonWriter& json, const model::Finding& finding) {
  json.key("kind").text(to_string(finding.kind));
  json.key("severity").text(to_string(finding.severity));
  json.key("role").text_or_null(finding.role);
  json.key("project_id").text_or_null(finding.project_id);
  write_expectation(json, "expected", finding.expected, finding.kind);
  write_expectation(json, "actual", finding.actual, finding.kind);
  json.key("since").time(finding.since);
  json.key("waived").boolean(finding.waived);
}

void write_key_identity(JsonWriter& json, const KeyView& view) {
  json.key("org_id").text(view.organization.id.to_string());
  json.key("org").text(view.organization.name);
  json.key("key_id").text(view.key.id.to_string());
  json.key("key").text(view.key.name);
}

void write_waivers(JsonWriter& json, const KeyView& view, base::WallTime now) {
  json.key("waivers").begin_array();
  for (const model::Waiver& waiver : *view.key.waivers) {
    json.begin_object();
    json.key("kind").text(to_string(waiver.kind));
    json.key("role").text_or_null(waiver.role);
    json.key("project_id").text_or_null(waiver.project_id);
    write_expectation(json, "actual", waiver.actual, waiver.kind);
    json.key("until").time(waiver.until);
    json.key("reason").text(waiver.reason);
    json.key("ticket").text_or_null(waiver.ticket);
    json.key("state").text(to_string(policy::waiver_state(waiver, view.status, now)));
    json.end_object();
  }
  json.end_array();
}

void write_key(JsonWriter& json, const KeyView& view, base::WallTime now) {
  const model::KeyStatus& status = view.status;
  json.begin_object();
  write_key_identity(json, view);
  json.key("policy").text_or_null(policy_label(view.key));
  json.key("owner").text_or_null(*view.key.owner);
  json.key("state").text(to_string(status.state));
  json.key("reason").text_or_null(to_string(status.reason));
  json.key("http_status");
  if (status.http_status == 0) {
    json.null();
  } else {
    json.integer(status.http_status);
  }
  json.key("last_poll").time(status.last_poll);
  json.key("last_success").time(status.last_success);
  json.key("findings").begin_array();
  for (const model::Finding& finding : findings_of(status)) {
    json.begin_object();
    write_finding_members(json, finding);
    json.end_object();
  }
  json.end_array();
  if (view.key.waivers != nullptr) write_waivers(json, view, now);
  json.end_object();
}

void write_finding(JsonWriter& json, const KeyView& view, const model::Finding& finding) {
  json.begin_object();
  write_key_identity(json, view);
  json.key("owner").text_or_null(*view.key.owner);
  write_finding_members(json, finding);
  json.end_object();
}

void write_unmanaged_identity(JsonWriter& json, const model::Organization& organization,
                              const model::UnmanagedKey& key) {
  const std::string id = key.id.to_string();
  json.key("org_id").text(organization.id.to_string());
  json.key("org").text(organization.name);
  json.key("key_id").text(id);
  json.key("key").text(id);
  json.key("owner").text_or_null(*organization.owner);
}

void write_unmanaged_finding(JsonWriter& json, const model::Organization& organization,
                             const model::UnmanagedKey& key) {
  json.begin_object();
  write_unmanaged_identity(json, organization, key);
  write_finding_members(json, key.finding);
  json.end_object();
}

void write_unmanaged(JsonWriter& json, const model::UnmanagedKey& key) {
  json.begin_object();
  json.key("key_id").text(key.id.to_string());
  json.key("description").text(key.description);
  json.key("public_key").text_or_null(key.public_key);
  json.key("roles").begin_array();
  for (const model::Role& role : key.roles) json.text(model::to_string(role));
  json.end_array();
  json.key("own").boolean(key.owner == model::KeyOwner::daemon);
  json.key("since").time(key.finding.since);
  json.end_object();
}

void write_discovery(JsonWriter& json, const model::Discovery* discovery) {
  json.key("discovery");
  if (discovery == nullptr) {
    json.null();
    return;
  }
  json.begin_object();
  json.key("last_complete").time(discovery->last_complete);
  json.key("error").text_or_null(discovery->failure);
  json.key("unmanaged").begin_array();
  for (const model::UnmanagedKey& key : discovery->unmanaged) write_unmanaged(json, key);
  json.end_array().end_object();
}

void write_key_array(Stream& stream, const model::Snapshot& snapshot, Page page) {
  stream.json().begin_array();
  std::size_t left = page.limit;
  each_key(snapshot, page.offset, [&](const KeyView& view) {
    if (left-- == 0) return false;
    stream.json().new_line();
    write_key(stream.json(), view, snapshot.wall);
    return stream.go_on();
  });
  stream.json().new_line();
  stream.json().end_array();
}

/// Each organization's keys and, after them, what it holds beside them.
void write_finding_array(Stream& stream, const model::Snapshot& snapshot, Page page) {
  stream.json().begin_array();
  std::size_t skip = page.offset;
  std::size_t left = page.limit;
  each_finding(snapshot, [&](const FindingView& view) {
    if (skip > 0) return --skip, true;
    if (left-- == 0) return false;
    stream.json().new_line();
    if (view.key != nullptr) {
      write_finding(stream.json(), *view.key, view.finding);
    } else {
      write_unmanaged_finding(stream.json(), view.organization, *view.unmanaged);
    }
    return stream.go_on();
  });
  stream.json().new_line();
  stream.json().end_array();
}

bool discovers(const model::Snapshot& snapshot) {
  return std::ranges::any_of(snapshot.organizations,
                             [](const auto& status) { return status.discovery != nullptr; });
}

void write_unmanaged_array(Stream& stream, const model::Snapshot& snapshot) {
  stream.json().key("unmanaged").begin_array();
  each_unmanaged(snapshot,
                 [&](const model::Organization& organization, const model::UnmanagedKey& key) {
                   stream.json().new_line();
                   write_unmanaged_finding(stream.json(), organization, key);
                   return stream.go_on();
                 });
  stream.json().new_line();
  stream.json().end_array();
}

/// Organizations whose unlisted keys may be more than `unmanaged` holds.
void write_unread_lists(JsonWriter& json, const model::Snapshot& snapshot) {
  json.key("unread_lists").begin_array();
  for (const model::Organization& organization : snapshot.roster->organizations) {
    const std::string& failure = unread_list(snapshot, organization);
    if (failure.empty()) continue;
    json.new_line();
    json.begin_object();
    json.key("org_id").text(organization.id.to_string());
    json.key("org").text(organization.name);
    json.key("error").text(failure);
    json.end_object();
  }
  json.new_line();
  json.end_array();
}

void begin_success(JsonWriter& json) {
  json.begin_object().key("status").text("success").key("data");
}

void write_summary_members(JsonWriter& json, const Summary& summary) {
  json.key("keys").count(summary.keys);
  json.key("compliant").count(summary.compliant);
  json.key("findings").count(summary.findings);
  json.key("undetermined").count(summary.undetermined);
}

void write_states(JsonWriter& json, const model::Snapshot& snapshot,
                  const model::Organization& organization) {
  std::array<std::size_t, model::kStates.size()> counts{};
  for (std::size_t i = 0; i < organization.keys.size(); ++i) {
    ++counts[static_cast<std::size_t>(snapshot.status(organization.first_key + i).state)];
  }
  json.begin_object();
  for (const model::State state : model::kStates) {
    json.key(to_string(state)).count(counts[static_cast<std::size_t>(state)]);
  }
  json.end_object();
}

void write_organization(JsonWriter& json, const model::Snapshot& snapshot, std::size_t index) {
  const model::Organization& organization = snapshot.roster->organizations[index];
  const model::OrganizationStatus& status = snapshot.organizations[index];
  json.begin_object();
  json.key("org_id").text(organization.id.to_string());
  json.key("org").text(organization.name);
  write_summary_members(json, summarize(snapshot, organization));
  json.key("states");
  write_states(json, snapshot, organization);
  write_discovery(json, status.discovery.get());
  json.key("effective_interval_seconds").seconds(status.effective_interval);
  json.key("detection_bound_seconds").seconds(status.detection_bound);
  json.key("rate_limit_remaining");
  if (status.rate_limit_remaining) {
    json.integer(*status.rate_limit_remaining);
  } else {
    json.null();
  }
  json.end_object();
}

void write_config(JsonWriter& json, const DaemonFacts& facts) {
  json.begin_object();
  json.key("path").text(facts.config_path);
  json.key("loaded").time(facts.config_loaded);
  json.key("last_reload_successful").boolean(facts.reload_error.empty());
  json.key("last_reload_error").text_or_null(facts.reload_error);
  json.end_object();
}

}  // namespace

bool write_audit(const model::Snapshot& snapshot, const Sink& sink) {
  Stream stream(sink);
  JsonWriter& json = stream.json();
  json.begin_object();
  json.key("version").integer(1);
  json.key("time").time(snapshot.wall);
  json.key("summary").begin_object();
  write_summary_members(json, summarize(snapshot));
  json.end_object();
  json.key("keys");
  write_key_array(stream, snapshot, {});
  if (discovers(snapshot)) {
    write_unmanaged_array(stream, snapshot);
    write_unread_lists(json, snapshot);
  }
  json.end_object();
  return stream.finish();
}

bool write_keys(const model::Snapshot& snapshot, Page page, const Sink& sink) {
  Stream stream(sink);
  begin_success(stream.json());
  write_key_array(stream, snapshot, page);
  stream.json().end_object();
  return stream.finish();
}

bool write_findings(const model::Snapshot& snapshot, Page page, const Sink& sink) {
  Stream stream(sink);
  begin_success(stream.json());
  write_finding_array(stream, snapshot, page);
  stream.json().end_object();
  return stream.finish();
}

std::optional<std::string> key_document(const model::Snapshot& snapshot,
                                        model::OrganizationId organization, model::KeyId key) {
  std::optional<std::string> document;
  each_key(snapshot, 0, [&](const KeyView& view) {
    if (view.organization.id != organization || view.key.id != key) return true;
    document.emplace();
    JsonWriter json(*document);
    begin_success(json);
    write_key(json, view, snapshot.wall);
    json.end_object();
    *document += '\n';
    return false;
  });
  return document;
}

std::string status_document(const model::Snapshot& snapshot, const DaemonFacts& facts) {
  std::string document;
  JsonWriter json(document);
  begin_success(json);
  json.begin_object();
  json.key("version").text(facts.version);
  json.key("time").time(snapshot.wall);
  json.key("start_time").time(facts.started);
  json.key("uptime_seconds")
      .seconds(
          std::chrono::floor<std::chrono::milliseconds>(snapshot.steady - facts.started_steady));
  json.key("config");
  write_config(json, facts);
  json.key("summary").begin_object();
  write_summary_members(json, summarize(snapshot));
  json.end_object();
  json.key("organizations").begin_array();
  for (std::size_t i = 0; i < snapshot.roster->organizations.size(); ++i) {
    write_organization(json, snapshot, i);
  }
  json.end_array().end_object().end_object();
  document += '\n';
  return document;
}

std::string error_document(std::string_view message) {
  std::string document;
  JsonWriter(document)
      .begin_object()
      .key("status")
      .text("error")
      .key("error")
      .text(message)
      .end_object();
  document += '\n';
  return document;
}

}  // namespace aka::report
