// The blocks that hold plain values. Entry points: read_atlas() and its siblings. Defaults stand in
// settings.h and nowhere else.
#include "settings/blocks.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::settings {
namespace {

using base::Fields;
using base::Section;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

int whole_number(Fields& fields, std::string_view key, int most, int otherwise) {
  return static_cast<int>(fields.integer(key, 1, most).value_or(otherwise));
}

void read_base_url(Fields& fields, AtlasSettings& atlas) {
  auto url = fields.url("base_url");
  if (!url) return;
  while (url->target.ends_with('/')) url->target.pop_back();
  if (url->target.find('?') != std::string::npos) {
    fields.error("base_url", "'base_url' of 'atlas' may not have a query ('?...')");
  } else if (url->origin.scheme == base::Scheme::http && !base::is_loopback(url->origin.host)) {
    fields.error("base_url",
                 "'base_url' of 'atlas' must begin with https://; plain http is for a "
                 "loopback address only, since anyone on the way could read and alter "
                 "the answers");
  } else {
    atlas.base_url = std::move(*url);
  }
}

void read_proxy(Fields& fields, AtlasSettings& atlas) {
  const Section* value = fields.any("proxy");
  if (value != nullptr && value->kind == Section::Kind::scalar && value->text.empty()) return;
  auto url = fields.url("proxy");
  if (!url) return;
  if (url->origin.scheme != base::Scheme::http || (!url->target.empty() && url->target != "/")) {
    fields.error("proxy",
                 "'proxy' of 'atlas' must be http://host:port and no more; what goes "
                 "through it is encrypted all the same");
    return;
  }
  atlas.proxy = std::move(url->origin);
}

RateLimit read_rate_limit(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'rate_limit' of 'atlas'", diagnostics);
  RateLimit limit;
  limit.burst = whole_number(fields, "burst", 1'000'000, limit.burst);
  limit.per_minute = whole_number(fields, "per_minute", 1'000'000, limit.per_minute);
  fields.finish();
  return limit;
}

/// "10%": a share of the interval.
void read_jitter(Fields& fields, double& jitter) {
  const auto text = fields.text("jitter");
  if (!text) return;
  double percent = -1;
  const char* const last = text->data() + text->size();
  const auto [end, failure] =
      std::from_chars(text->data(), last, percent, std::chars_format::fixed);
  const bool whole =
      failure == std::errc() && std::string_view(end, static_cast<std::size_t>(last - end)) == "%";
  if (!whole || !(percent >= 0 && percent <= 100)) {
    fields.error("jitter",
                 fmt::format("'jitter' of 'schedule' must be a share of the interval from "
                             "0% to 100%, not '{}'",
                             base::shown(*text)));
    return;
  }
  jitter = percent / 100;
}

}  // namespace

AtlasSettings read_atlas(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'atlas'", diagnostics);
  AtlasSettings atlas;
  read_base_url(fields, atlas);
  const auto api = fields.choice("api", {"v1.0", "v2", "public-v1.0"});
  if (api == "v2") atlas.api = Api::v2;
  if (api == "public-v1.0") atlas.api = Api::public_v1_0;
  atlas.timeout = fields.duration("timeout", milliseconds(10), minutes(10)).value_or(atlas.timeout);
  atlas.ca_file = fields.path("ca_file").value_or("");
  atlas.ca_file_mark = fields.mark_of("ca_file");
  read_proxy(fields, atlas);
  atlas.connections = whole_number(fields, "connections", 64, atlas.connections);
  if (const Section* limit = fields.mapping("rate_limit"))
    atlas.rate_limit = read_rate_limit(*limit, diagnostics);
  fields.finish();
  return atlas;
}

ScheduleSettings read_schedule(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'schedule'", diagnostics);
  ScheduleSettings schedule;
  schedule.interval =
      fields.duration("interval", seconds(1), hours(24 * 30)).value_or(schedule.interval);
  read_jitter(fields, schedule.jitter);
  schedule.stale_after = whole_number(fields, "stale_after", 1000, schedule.stale_after);
  if (const auto confirm = fields.integer("confirm", 1, 1000)) {
    schedule.confirm = static_cast<int>(*confirm);
  }
  schedule.recheck =
      fields.duration("recheck", seconds(1), hours(24 * 365)).value_or(schedule.recheck);
  fields.finish();
  return schedule;
}

WebSettings read_web(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'web'", diagnostics);
  WebSettings web;
  if (const auto text = fields.text("listen")) {
    auto address = base::parse_listen_address(*text);
    if (address) {
      web.listen = std::move(*address);
    } else {
      fields.error("listen", address.error().message);
    }
  }
  web.config_file = fields.path("config_file").value_or("");
  web.lifecycle = fields.boolean("lifecycle").value_or(web.lifecycle);
  fields.finish();
  return web;
}

/// A user name may be in a URL, a password may not. Nothing of it is repeated.
void read_store_url(Fields& fields, StoreSettings& store) {
  auto url = fields.text("url");
  if (!url) return;
  const bool known = url->starts_with("postgresql://") || url->starts_with("postgres://");
  const std::size_t begin = url->find("://") + 3;
  const std::string_view authority =
      std::string_view(*url).substr(begin, url->find_first_of("/?", begin) - begin);
  const std::string_view user = authority.substr(0, authority.rfind('@'));
  if (!known) {
    fields.error("url",
                 "'url' of 'store' must begin with postgresql://, as in "
                 "postgresql://user@host:5432/database?sslmode=verify-full");
  } else if (user.size() < authority.size() && user.find(':') != std::string_view::npos) {
    fields.error("url",
                 "'url' of 'store' holds a password; put that into a file and name it in "
                 "'password_file'");
  } else {
    store.url = std::move(*url);
    store.url_mark = fields.mark_of("url");
  }
}

StoreSettings read_store(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'store'", diagnostics);
  StoreSettings store;
  if (auto path = fields.path("path")) {
    if (path->empty()) fields.error("path", "'path' of 'store' is empty");
    store.path = std::move(*path);
  }
  read_store_url(fields, store);
  if (fields.has_key("url") && fields.has_key("path"))
    fields.error("path", "'store' has a 'path' and a 'url'; keep the one that is meant");
  store.password = base::secret_field(fields, "password", base::Need::optional);
  if (store.password && !fields.has_key("url"))
    fields.error(fields.has_key("password_file") ? "password_file" : "password_env",
                 "a password of 'store' is for a 'url'; a 'path' has none");
  if (const auto retention = fields.duration("retention", hours(24), hours(24 * 3650))) {
    store.retention = *retention;
  }
  fields.finish();
  return store;
}

LogSettings read_log(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'log'", diagnostics);
  LogSettings log;
  const auto level = fields.choice("level", {"debug", "info", "warn", "error"});
  if (level == "debug") log.level = LogLevel::debug;
  if (level == "warn") log.level = LogLevel::warn;
  if (level == "error") log.level = LogLevel::error;
  if (fields.choice("format", {"text", "json"}) == "json") log.format = LogFormat::json;
  fields.finish();
  return log;
}

}  // namespace aka::settings
