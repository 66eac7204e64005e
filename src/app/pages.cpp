// The pages: each a small function from a snapshot to a response, in one table. Bodies that grow
// with the number of keys are streamed: counted before, or in gzip, which has no length in advance,
// as chunks.
#include "app/pages.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "metrics/exposition.h"
#include "page/assets.h"
#include "page/frame.h"
#include "page/key_page.h"
#include "page/status_page.h"
#include "web/gzip.h"
#include "web/router.h"

namespace aka::app {
namespace {

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

/// Writes a whole body, the same bytes each time.
using Writer = std::function<bool(const web::Sink&)>;

std::uint64_t length_of(const Writer& write) {
  std::uint64_t length = 0;
  write([&](std::string_view block) {
    length += block.size();
    return true;
  });
  return length;
}

bool wants_gzip(const web::Request& request) {
  return web::accepts_gzip(request) && request.method != "HEAD";
}

web::Response streamed(const web::Request& request, std::string_view content_type, Writer write,
                       const std::function<std::uint64_t()>& length) {
  web::Response response;
  response.content_type = content_type;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!wants_gzip(request)) {
    response.length = length();
    response.generate = [write = std::move(write)](const web::Sink& sink) { write(sink); };
    return response;
  }
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.length = web::kUnknownLength;
  response.generate = [write = std::move(write)](const web::Sink& sink) {
    web::GzipSink gzip(sink);
    if (write([&](std::string_view block) { return gzip.write(block); })) gzip.finish();
  };
  return response;
}

web::Response json(int status, std::string body) {
  web::Response response;
  response.status = status;
  response.content_type = kJson;
  response.body = std::move(body);
  return response;
}

web::Response metrics_page(const PageSources& sources, const web::Request& request) {
  const auto snapshot = std::make_shared<const model::Snapshot>(sources.snapshot());
  const auto own = std::make_shared<const std::string>(sources.daemon_metrics());
  const auto alerts = sources.alerts();
  return streamed(
      request, "text/plain; version=0.0.4; charset=utf-8",
      [snapshot, alerts, own](const web::Sink& sink) {
        return metrics::write_exposition(*snapshot, sink) && alerts->write(sink) && sink(*own);
      },
      [&] { return metrics::exposition_length(*snapshot) + alerts->length() + own->size(); });
}

std::optional<std::size_t> number_parameter(const web::Request& request, std::string_view name,
                                            std::size_t otherwise) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

using WriteList = bool (*)(const model::Snapshot&, report::Page, const report::Sink&);

web::Response list_page(const PageSources& sources, const web::Request& request,
                        WriteList write_list) {
  report::Page page;
  const auto offset = number_parameter(request, "offset", page.offset);
  const auto limit = number_parameter(request, "limit", page.limit);
  if (!offset || !limit) {
    return json(400, report::error_document("'offset' and 'limit' must be whole numbers"));
  }
  page = {*offset, *limit};
  const auto snapshot = std::make_shared<const model::Snapshot>(sources.snapshot());
  Writer write = [snapshot, page, write_list](const web::Sink& sink) {
    return write_list(*snapshot, page, sink);
  };
  return streamed(request, kJson, write, [&] { return length_of(write); });
}

web::Response key_page(const PageSources& sources, const web::Router::Segments& ids) {
  const auto organization = model::OrganizationId::parse(ids[0]);
  const auto key = model::KeyId::parse(ids[1]);
  if (!organization || !key) {
    return json(400,
                report::error_document("the ids of organization and key must be 24 hex digits"));
  }
  auto document = report::key_document(sources.snapshot(), *organization, *key);
  return document ? json(200, *std::move(document))
                  : json(404, report::error_document("no such key is configured here"));
}

web::Response health_page(const PageSources& sources) {
  return sources.healthy() ? web::plain(200, "healthy")
                           : web::plain(503, "the scheduler has missed its beat for a minute");
}

web::Response ready_page(const PageSources& sources) {
  if (!sources.ready()) return web::plain(503, "starting");
  return web::plain(200, sources.standby() ? "standby" : "ready");
}

web::Response reload_page(const PageSources& sources) {
  if (!sources.may_reload()) {
    return web::plain(403, "reloading over HTTP is off; set web.lifecycle: true, or send SIGHUP");
  }
  const auto reloaded = sources.reload();
  return reloaded ? web::plain(200, "reloaded") : web::plain(500, reloaded.error().message);
}

web::Response html(int status, std::string body) {
  web::Response response;
  response.status = status;
  response.content_type = kHtml;
  response.body = std::move(body);
  return response;
}

web::Response status_page(const PageSources& sources, const web::Request& request) {
  const auto parameter = [&](std::string_view name) { return request.parameter(name); };
  const auto view = std::make_shared<const page::StatusView>(page::StatusView{
      sources.snapshot(), sources.health(), sources.firing(), page::read_filter(parameter)});
  Writer write = [view](const web::Sink& sink) { return page::write_status_page(*view, sink); };
  return streamed(request, kHtml, write, [&] { return length_of(write); });
}

web::Response html_key_page(const PageSources& sources, const web::Router::Segments& ids) {
  const std::string version = sources.facts().version;
  const auto organization = model::OrganizationId::parse(ids[0]);
  const auto key = model::KeyId::parse(ids[1]);
  if (!organization || !key) {
    return html(
        400, page::notice("No such page", "The ids of organization and key are 24 hex digits each.",
                          version));
  }
  auto body = page::key_page(sources.snapshot(), *organization, *key,
                             sources.history(*organization, *key), version);
  return body ? html(200, *std::move(body))
              : html(404, page::notice("No such key",
                                       "No such key is configured or journaled here.", version));
}

web::Response asset(const page::Asset& asset) {
  web::Response response;
  response.content_type = asset.content_type;
  response.body = asset.text;
  // Another text has another address.
  response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
  return response;
}

/// Nothing is taken from elsewhere, nothing runs that is not a file of ours, nobody frames a page.
constexpr const char* kPolicyOfPages =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "
    "data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
constexpr const char* kPolicyOfData = "default-src 'none'; frame-ancestors 'none'";

void add_security_headers(web::Response& response) {
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("Content-Security-Policy",
                                response.content_type == kHtml ? kPolicyOfPages : kPolicyOfData);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  const bool has_own = std::ranges::any_of(
      response.headers, [](const auto& header) { return header.first == "Cache-Control"; });
  if (!has_own) response.headers.emplace_back("Cache-Control", "no-store");
}

/// Whoever reads the API reads its errors too.
void speak_json(web::Response& response) {
  if (response.status < 400 || response.content_type == kJson) return;
  std::string_view what = response.body;
  if (what.ends_with('\n')) what.remove_suffix(1);
  response.body = report::error_document(what);
  response.content_type = kJson;
}

/// In the place of a page that tells of keys.
web::Response standby_page(const PageSources& sources, const web::Request& request) {
  constexpr const char* kWhy =
      "this process stands by: another one has the store and watches; ask that one";
  if (request.path == "/metrics") {
    const auto own = std::make_shared<const std::string>(sources.daemon_metrics());
    return streamed(
        request, "text/plain; version=0.0.4; charset=utf-8",
        [own](const web::Sink& sink) { return sink(*own); }, [&] { return own->size(); });
  }
  if (request.path.starts_with("/api/")) return json(503, report::error_document(kWhy));
  return html(200, page::notice("Standby", kWhy, sources.facts().version));
}

web::Router routes(const std::shared_ptr<const PageSources>& sources) {
  using web::Request;
  using Ids = web::Router::Segments;
  web::Router router;
  const auto data = [&](std::string_view path, web::Router::Page page) {
    router.add("GET", path,
               [sources, page = std::move(page)](const Request& request, const Ids& ids) {
                 if (!sources->ready()) return ready_page(*sources);
                 if (sources->standby()) return standby_page(*sources, request);
                 return page(request, ids);
               });
  };
  data("/",
       [sources](const Request& request, const Ids&) { return status_page(*sources, request); });
  data("/keys/{}/{}",
       [sources](const Request&, const Ids& ids) { return html_key_page(*sources, ids); });
  data("/metrics",
       [sources](const Request& request, const Ids&) { return metrics_page(*sources, request); });
  data("/api/v1/status", [sources](const Request&, const Ids&) {
    return json(200, report::status_document(sources->snapshot(), sources->facts()));
  });
  data("/api/v1/keys", [sources](const Request& request, const Ids&) {
    return list_page(*sources, request, report::write_keys);
  });
  data("/api/v1/findings", [sources](const Request& request, const Ids&) {
    return list_page(*sources, request, report::write_findings);
  });
  data("/api/v1/keys/{}/{}",
       [sources](const Request&, const Ids& ids) { return key_page(*sources, ids); });
  for (const page::Asset* file : {&page::script(), &page::style()}) {
    router.add("GET", file->address.substr(0, file->address.find('?')),
               [file](const Request&, const Ids&) { return asset(*file); });
  }
  router.add("GET", "/-/healthy",
             [sources](const Request&, const Ids&) { return health_page(*sources); });
  router.add("GET", "/-/ready",
             [sources](const Request&, const Ids&) { return ready_page(*sources); });
  router.add("POST", "/-/reload",
             [sources](const Request&, const Ids&) { return reload_page(*sources); });
  return router;
}

}  // namespace

web::Handler pages(PageSources sources) {
  const auto shared = std::make_shared<const PageSources>(std::move(sources));
  return [router = routes(shared)](const web::Request& request) {
    web::Response response = router(request);
    if (request.path.starts_with("/api/")) speak_json(response);
    add_security_headers(response);
    return response;
  };
}

}  // namespace aka::app
