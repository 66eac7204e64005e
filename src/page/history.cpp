// A key's part of the journal, as a picture and as a table. Entry point: put_history(). The picture
// is SVG in the page: no script draws it, and colours come from the stylesheet.
#include "page/history.h"

#include <algorithm>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/utc_time.h"
#include "page/words.h"

namespace aka::page {
namespace {

using journal::Record;
using nlohmann::json;

constexpr int kWidth = 1000;

json data_of(const Record& record) {
  json data = json::parse(record.data, nullptr, false);
  return data.is_object() ? data : json::object();
}

/// The member as text; empty without one.
std::string text_in(const json& data, const char* name) {
  const auto member = data.find(name);
  return member != data.end() && member->is_string() ? member->get<std::string>() : std::string();
}

std::string subject_in(const json& data) {
  const std::string role = text_in(data, "role");
  const std::string project = text_in(data, "project_id");
  std::string subject = text_in(data, "kind");
  if (!role.empty()) subject += " " + role;
  if (!project.empty()) subject += "@" + project;
  return subject;
}

std::string label_in(const json& data, const char* name) {
  const auto labels = data.find("labels");
  return labels != data.end() && labels->is_object() ? text_in(*labels, name) : std::string();
}

std::string alert_in(const json& data) {
  std::string alert = label_in(data, "alertname");
  for (const char* part : {"kind", "role"}) {
    const std::string text = label_in(data, part);
    if (!text.empty()) alert += " " + text;
  }
  return alert;
}

std::string state_tale(const json& data) {
  std::string tale = fmt::format("{} → {}", text_in(data, "from"), text_in(data, "to"));
  const std::string reason = text_in(data, "reason");
  const std::string message = text_in(data, "message");
  if (!reason.empty()) tale += "/" + reason;
  if (!message.empty()) tale += ": " + message;
  return tale;
}

/// When a record was written; nothing if that cannot be read.
std::optional<base::WallTime> time_of(const Record& record) {
  const auto time = base::parse_instant(record.time);
  if (!time) return std::nullopt;
  return *time;
}

class Drawer {
 public:
  explicit Drawer(base::WallTime now) : now_(now) {}

  void take(const Record& record) {
    const auto time = time_of(record);
    if (!time) return;
    const json data = data_of(record);
    if (record.type == "state_changed") {
      if (!timeline_.states.empty()) timeline_.states.back().until = *time;
      timeline_.states.push_back({*time, now_, text_in(data, "to")});
    } else if (record.type == "finding_opened" || record.type == "waiver_lapsed") {
      if (open_.empty()) timeline_.findings.push_back({*time, now_, "findings"});
      open_[subject_in(data)] = true;
    } else if (record.type == "finding_closed" || record.type == "finding_waived") {
      const bool was_open = open_.erase(subject_in(data)) > 0;
      // The record that opened it may be older than the oldest one here.
      if (was_open && open_.empty()) timeline_.findings.back().until = *time;
    }
  }

  Timeline finish() { return std::move(timeline_); }

 private:
  const base::WallTime now_;
  std::map<std::string, bool> open_;
  Timeline timeline_;
};

void put_spans(Html& html, const std::vector<Span>& spans, base::WallTime first, base::WallTime now,
               int top, int height) {
  const auto whole = std::max<long long>(1, (now - first).count());
  for (const Span& span : spans) {
    const auto from = (span.from - first).count() * kWidth / whole;
    const auto until = (span.until - first).count() * kWidth / whole;
    html.put(
        R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{} from {}</title></rect>)",
        "is-" + span.what, from, top, std::max<long long>(2, until - from), height, span.what,
        base::format_utc(std::chrono::floor<std::chrono::seconds>(span.from)));
  }
}

void put_picture(Html& html, const Timeline& timeline, base::WallTime now) {
  if (timeline.states.empty()) return;
  base::WallTime first = timeline.states.front().from;
  if (!timeline.findings.empty()) first = std::min(first, timeline.findings.front().from);
  html.put(
      R"(<figure class="timeline"><svg viewBox="0 0 {} 34" preserveAspectRatio="none" role="img" aria-label="From {} until now: {}, and {} with open findings; the table below lists them">)",
      kWidth, base::format_utc(std::chrono::floor<std::chrono::seconds>(first)),
      counted(timeline.states.size(), "state"), counted(timeline.findings.size(), "time"));
  put_spans(html, timeline.states, first, now, 0, 20);
  put_spans(html, timeline.findings, first, now, 24, 10);
  html.put(
      "</svg><figcaption><span>{}</span><span>above: what polls came to; below: while findings "
      "were open</span><span>now</span></figcaption></figure>\n",
      instant(first));
}

void put_record(Html& html, const Record& record) {
  html.put(
      R"(<tr><td data-label="seq">{}</td><td data-label="time"><time datetime="{}">{}</time></td>)"
      R"(<td data-label="type"><code>{}</code></td><td data-label="what">{}</td>)"
      R"(<td data-label="hash"><code class="hash">{}</code></td></tr>)",
      record.seq, record.time, record.time, record.type, tale_of(record), record.hash);
}

}  // namespace

Timeline timeline_of(const History& history, base::WallTime now) {
  Drawer drawer(now);
  std::for_each(history.records.rbegin(), history.records.rend(),
                [&](const Record& record) { drawer.take(record); });
  return drawer.finish();
}

std::string tale_of(const Record& record) {
  const json data = data_of(record);
  if (record.type == "state_changed") return state_tale(data);
  if (record.type.starts_with("finding_") || record.type == "waiver_lapsed") {
    std::string tale = fmt::format("{} ({})", subject_in(data), text_in(data, "severity"));
    const std::string actual = text_in(data, "actual");
    return actual.empty() ? tale : tale + ": " + actual;
  }
  if (record.type == "alert_sent") {
    return fmt::format("{} to {}", alert_in(data), text_in(data, "sink"));
  }
  if (record.type == "alert_resolved") {
    return fmt::format("{}, by {}", alert_in(data), text_in(data, "cause"));
  }
  if (record.type == "key_added" || record.type == "key_removed") {
    return fmt::format("{}/{}", text_in(data, "org"), text_in(data, "key"));
  }
  if (record.type == "policy_weakened") {
    return fmt::format("{}: {}", text_in(data, "weakening"), text_in(data, "detail"));
  }
  return record.data;
}

void put_history(Html& html, const History& history, base::WallTime now) {
  if (!history.failure.empty()) {
    html.put(R"(<p class="trouble">The journal cannot be read: {}</p>)", history.failure);
    return;
  }
  if (history.records.empty()) {
    html.put("<p>The journal holds no record of this key yet.</p>");
    return;
  }
  put_picture(html, timeline_of(history, now), now);
  html.put(
      R"(<table class="records"><caption>{}, the newest first</caption><thead><tr><th scope="col">seq</th>)"
      R"(<th scope="col">time</th><th scope="col">type</th><th scope="col">what</th><th scope="col">hash</th></tr></thead><tbody>)",
      history.records.size() < History::kMost
          ? counted(history.records.size(), "record")
          : fmt::format("The newest {} records", History::kMost));
  for (const Record& record : history.records) put_record(html, record);
  html.put(
      "</tbody></table><p><code>atlas-key-auditor journal verify</code> checks every hash; "
      "<code>journal show --key</code> prints all records of a key.</p>");
}

}  // namespace aka::page
