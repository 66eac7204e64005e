// Evidence as JSON. Entry point: to_json().
#include "evidence/formats.h"
#include "report/json_writer.h"

namespace aka::evidence {
namespace {

using report::JsonWriter;

void put_time(JsonWriter& json, std::string_view name, const std::optional<base::WallTime>& time) {
  json.key(name);
  if (time) {
    json.time(*time);
  } else {
    json.null();
  }
}

void put_period(JsonWriter& json, const Period& period) {
  json.key("from").time(period.from);
  json.key("until").time(period.until);
}

void put_about(JsonWriter& json, const About& about) {
  json.key("org_id").text_or_null(about.org_id);
  json.key("org").text_or_null(about.org);
  json.key("key_id").text_or_null(about.key_id);
  json.key("key").text_or_null(about.key);
}

void put_chain(JsonWriter& json, const Chain& chain) {
  json.key("name").text(chain.name);
  json.key("first_seq").integer(chain.first_seq);
  json.key("head_seq").integer(chain.head_seq);
  json.key("head_sha256").text_or_null(chain.head_hash);
  json.key("head_time").text_or_null(chain.head_time);
  json.key("records_in_period").integer(chain.records);
  json.key("verified").boolean(chain.fault.empty());
  json.key("fault").text_or_null(chain.fault);
}

void put_key(JsonWriter& json, const WatchedKey& key) {
  put_about(json, key.about);
  json.key("owner").text_or_null(key.owner);
  json.key("added").time(key.added);
  put_time(json, "removed", key.removed);
}

void put_coverage(JsonWriter& json, const Coverage& coverage) {
  put_about(json, coverage.about);
  put_period(json, coverage.watched);
  json.key("checkpoints").integer(coverage.checkpoints);
  json.key("polls").integer(coverage.polls);
  json.key("conclusive").integer(coverage.conclusive);
  json.key("checkpoints_with_unproven_keys").integer(coverage.unproven);
  json.key("covered_per_mille").integer(coverage.per_mille());
  json.key("uncovered_seconds").seconds(coverage.uncovered());
  json.key("gaps").begin_array();
  for (const Gap& gap : coverage.gaps) {
    json.begin_object();
    put_period(json, gap.period);
    json.key("why").text(gap.why);
    json.end_object();
  }
  json.end_array();
}

void put_waivings(JsonWriter& json, const Incident& incident) {
  json.key("waived").begin_array();
  for (const Waiving& waiving : incident.waivings) {
    json.begin_object();
    json.key("from").time(waiving.from);
    put_time(json, "until", waiving.until);
    json.key("allowed_until").text_or_null(waiving.allowed_until);
    json.key("reason").text_or_null(waiving.reason);
    json.key("ticket").text_or_null(waiving.ticket);
    json.end_object();
  }
  json.end_array();
}

void put_incident(JsonWriter& json, const Incident& incident) {
  put_about(json, incident.about);
  json.key("kind").text(incident.kind);
  json.key("severity").text(incident.severity);
  json.key("role").text_or_null(incident.role);
  json.key("project_id").text_or_null(incident.project_id);
  json.key("actual").text_or_null(incident.actual);
  json.key("opened").time(incident.opened);
  put_time(json, "closed", incident.closed);
  json.key("closed_by").text_or_null(incident.closed_by);
  put_time(json, "told", incident.told);
  json.key("exposed_seconds").seconds(incident.exposed);
  put_waivings(json, incident);
}

void put_event(JsonWriter& json, const Event& event) {
  json.key("time").time(event.time);
  json.key("type").text(event.type);
  put_about(json, event.about);
  json.key("detail").text_or_null(event.detail);
}

template <typename Element>
void put_array(JsonWriter& json, std::string_view name, const std::vector<Element>& elements,
               void (*put)(JsonWriter&, const Element&)) {
  json.key(name).begin_array();
  for (const Element& element : elements) {
    json.new_line();
    json.begin_object();
    put(json, element);
    json.end_object();
  }
  json.new_line();
  json.end_array();
}

}  // namespace

std::string to_json(const Evidence& evidence) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("version").integer(1);
  put_period(json, evidence.period);
  json.key("made").time(evidence.made);
  json.key("auditor").text(evidence.version);
  put_array(json, "chains", evidence.chains, put_chain);
  put_array(json, "keys", evidence.keys, put_key);
  put_array(json, "coverage", evidence.coverage, put_coverage);
  put_array(json, "findings", evidence.incidents, put_incident);
  put_array(json, "events", evidence.events, put_event);
  json.end_object();
  text += '\n';
  return text;
}

}  // namespace aka::evidence
