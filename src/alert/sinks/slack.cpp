// Slack's incoming webhooks. Entry points: read_slack(), through the table of sinks, and
// make_sinks(). Each alert is a section with what happened and a context with its labels.
// Source: https://docs.slack.dev/reference/block-kit/blocks/
#include "alert/sinks/slack.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "alert/alert_json.h"
#include "alert/named_receivers.h"
#include "alert/poster.h"
#include "alert/sink_factory.h"
#include "alert/sink_table.h"
#include "base/utc_time.h"

namespace aka::alert {
namespace {

using nlohmann::ordered_json;

/// Two blocks each and one for the heading: 21 of the 50 blocks that a message may have.
constexpr std::size_t kAlertsInMessage = 10;
/// A text of a block; and what a whole message may hold of them, which Slack limits as well but
/// does not say how ("msg_too_long").
constexpr std::size_t kTextLimit = 3000;
constexpr std::size_t kMessageLimit = 12000;
constexpr std::size_t kHeadingLimit = 150;

/// With the three characters escaped that mean something to Slack, and cut to `limit` bytes;
/// neither an escape nor a UTF-8 sequence is cut in two.
std::string escaped(std::string_view text, std::size_t limit) {
  constexpr std::string_view kEllipsis = "...";
  std::string result;
  std::size_t cut_at = 0;
  for (const char symbol : text) {
    const bool begins = (static_cast<unsigned char>(symbol) & 0xc0) != 0x80;
    if (begins && result.size() + kEllipsis.size() <= limit) cut_at = result.size();
    if (symbol == '&') {
      result += "&amp;";
    } else if (symbol == '<') {
      result += "&lt;";
    } else if (symbol == '>') {
      result += "&gt;";
    } else {
      result += symbol;
    }
    if (result.size() > limit) return result.substr(0, cut_at).append(kEllipsis);
  }
  return result;
}

std::string label_of(const incident::Alert& alert, const char* name) {
  const auto label = alert.labels.find(name);
  return label == alert.labels.end() ? "" : label->second;
}

ordered_json block(const char* type, const char* text_type, std::string text) {
  return {{"type", type}, {"text", {{"type", text_type}, {"text", std::move(text)}}}};
}

/// What happened.
ordered_json section_of(const incident::Alert& alert, std::size_t limit) {
  const std::string title = fmt::format("*{}* ({})\n", escaped(label_of(alert, "alertname"), 100),
                                        escaped(label_of(alert, "severity"), 100));
  const std::string text = alert.summary + "\n" + alert.description;
  return block("section", "mrkdwn", title + escaped(text, limit - title.size()));
}

/// Which alert it is, since when, and where to read on.
ordered_json context_of(const incident::Alert& alert, const AlertLinks& links) {
  std::string text = "since " + base::format_utc(alert.starts_at);
  if (alert.ends_at) text += ", resolved " + base::format_utc(*alert.ends_at);
  for (const auto& [name, value] : alert.labels) {
    if (name != "alertname" && name != "severity") text += fmt::format(" | {}: {}", name, value);
  }
  constexpr std::size_t kLabelsLimit = 1000;
  std::string shown = escaped(text, kLabelsLimit);
  const std::string runbook = runbook_of(alert, links);
  if (!links.external_url.empty()) shown += fmt::format(" | <{}|status>", links.external_url);
  if (!runbook.empty()) shown += fmt::format(" | <{}|runbook>", runbook);
  return {{"type", "context"},
          {"elements", ordered_json::array({{{"type", "mrkdwn"}, {"text", std::move(shown)}}})}};
}

/// "FIRING: AtlasKeyDrift", "RESOLVED: 3 alerts".
std::string heading_of(std::span<const Notification> notifications) {
  const auto& first = notifications.front();
  return fmt::format("{}: {}", first.is_resolved() ? "RESOLVED" : "FIRING",
                     notifications.size() == 1 ? label_of(*first.alert, "alertname")
                                               : fmt::format("{} alerts", notifications.size()))
      .substr(0, kHeadingLimit);
}

ordered_json message_of(std::span<const Notification> notifications, const AlertLinks& links) {
  const std::size_t limit = std::min(kTextLimit, kMessageLimit / notifications.size());
  const std::string heading = heading_of(notifications);
  auto blocks = ordered_json::array({block("header", "plain_text", heading)});
  for (const Notification& notification : notifications) {
    blocks.push_back(section_of(*notification.alert, limit));
    blocks.push_back(context_of(*notification.alert, links));
  }
  // `text` is what notifications on a phone show.
  const std::string& summary = notifications.front().alert->summary;
  return {
      {"text", fmt::format("{}: {}", heading, escaped(summary, kTextLimit - kHeadingLimit - 2))},
      {"blocks", std::move(blocks)}};
}

/// Whoever knows any long part of the address may know enough.
std::vector<base::Secret> secrets_of(const base::Url& url) {
  std::vector<base::Secret> secrets{base::Secret(url.origin.authority()),
                                    base::Secret(url.origin.host), base::Secret(url.target)};
  constexpr std::size_t kLong = 6;
  for (std::size_t begin = 0; begin < url.target.size();) {
    const std::size_t end = std::min(url.target.find_first_of("/?&=", begin), url.target.size());
    if (end - begin >= kLong) secrets.emplace_back(url.target.substr(begin, end - begin));
    begin = end + 1;
  }
  return secrets;
}

class Slack final : public Sink {
 public:
  Slack(const SlackSettings& settings, const SinkContext& context)
      : traits_{"slack:" + settings.name, kAlertsInMessage, std::nullopt, base::Duration(0)},
        url_(settings.url),
        links_(context.links),
        poster_(settings.connection, context) {}

  const SinkTraits& traits() const override { return traits_; }

  Outcome deliver(std::span<const Notification> notifications,
                  std::chrono::steady_clock::time_point deadline,
                  const base::StopSignal& stop) override {
    const auto url = read_address(url_);
    if (!url) {
      return tl::unexpected(Refusal{RefusalKind::unreachable, url.error().message, std::nullopt});
    }
    return poster_.post(
        {.url = *url, .body = dump(message_of(notifications, links_)), .hidden = secrets_of(*url)},
        deadline, stop);
  }

 private:
  const SinkTraits traits_;
  const base::SecretSource url_;
  const AlertLinks links_;
  Poster poster_;
};

}  // namespace

base::Result<base::Url> read_address(const base::SecretSource& source) {
  const auto text = source.read();
  if (!text) return tl::unexpected(text.error());
  auto url = base::parse_url(text->reveal());
  if (url) return url;
  return tl::unexpected(
      std::move(url.error())
          .within(fmt::format("{} holds no address of an incoming webhook", source.place)));
}

void read_slack(const base::Section& section, base::Diagnostics& diagnostics,
                std::vector<SinkSettings>& sinks) {
  read_named_receivers(section, "slack", diagnostics,
                       [&](base::Fields& fields, const std::string& name) {
                         SlackSettings settings;
                         settings.name = name;
                         auto url = base::secret_field(fields, "url", base::Need::required);
                         settings.connection = read_connection(fields);
                         if (!url) return;
                         settings.url = std::move(*url);
                         sinks.emplace_back(std::move(settings));
                       });
}

std::vector<std::unique_ptr<Sink>> make_sinks(const SlackSettings& settings,
                                              const SinkContext& context) {
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<Slack>(settings, context));
  return sinks;
}

}  // namespace aka::alert
