// The daemon about itself: a watcher that has stopped watching must not look well.
#include "page/health.h"

#include "page/words.h"

namespace aka::page {
namespace {

constexpr base::Duration kLate = std::chrono::minutes(5);  // as AtlasAuditorDeliveryFailing has it

void put_receivers(Html& html, const Health& health) {
  if (health.receivers.empty()) {
    html.put("<p>No receiver is configured: Prometheus rules do the alerting.</p>");
    return;
  }
  html.put(
      R"(<table><caption>Receivers of alerts</caption><thead><tr><th scope="col">receiver</th>)"
      R"(<th scope="col">waiting</th><th scope="col">taken</th><th scope="col">failed</th></tr></thead><tbody>)");
  for (const Receiver& receiver : health.receivers) {
    html.put(R"(<tr><th scope="row" data-label="receiver">{}</th><td data-label="waiting">{}</td>)"
             R"(<td data-label="taken">{}</td><td data-label="failed">{}</td></tr>)",
             receiver.name,
             receiver.pending == 0
                 ? std::string("none")
                 : fmt::format("{}, for {}", receiver.pending, rough(receiver.oldest)),
             receiver.delivered, receiver.failed);
  }
  html.put("</tbody></table>");
}

void put_journal(Html& html, const Health& health) {
  html.put("<dt>Journal</dt><dd>");
  if (health.head_seq == 0) {
    html.put("no record yet");
  } else {
    html.put(R"({}, the newest with the hash <code class="hash">{}</code>)",
             counted(static_cast<std::size_t>(health.head_seq), "record"), health.head_hash);
  }
  html.put("</dd>");
}

}  // namespace

std::vector<std::string> troubles_of(const Health& health) {
  std::vector<std::string> troubles;
  if (!health.beats) {
    troubles.emplace_back(
        "The scheduler has missed its beat for a minute: what stands here is old.");
  }
  if (!health.facts.reload_error.empty()) {
    troubles.push_back(
        "The last reload was refused, and the configuration before stays in force: " +
        health.facts.reload_error);
  }
  if (!health.journal_failure.empty()) {
    troubles.push_back("The journal cannot be written: " + health.journal_failure);
  }
  for (const Receiver& receiver : health.receivers) {
    if (receiver.pending > 0 && receiver.oldest >= kLate) {
      troubles.push_back(fmt::format("{} has let {} wait for {}.", receiver.name,
                                     counted(receiver.pending, "notification"),
                                     rough(receiver.oldest)));
    }
  }
  return troubles;
}

void put_health(Html& html, const Health& health, base::WallTime now) {
  html.put("<dl><dt>Version</dt><dd>{}</dd><dt>Running since</dt><dd>{}</dd>", health.facts.version,
           ago(health.facts.started, now));
  html.put("<dt>Configuration</dt><dd><code>{}</code>, loaded {}</dd>", health.facts.config_path,
           ago(health.facts.config_loaded, now));
  html.put("<dt>Last reload</dt><dd>{}</dd>", health.facts.reload_error.empty()
                                                  ? badge("good", "accepted")
                                                  : badge("critical", "refused"));
  put_journal(html, health);
  html.put("</dl>");
  put_receivers(html, health);
}

}  // namespace aka::page
