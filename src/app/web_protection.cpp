// Between the YAML reader, which knows no listener, and the listener, which knows no YAML. Entries:
// read_protection() and keep_protected().
#include "app/web_protection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/log.h"
#include "settings/text_file.h"
#include "settings/yaml_reader.h"
#include "web/tls_context.h"

namespace aka::app {
namespace {

/// Exporters take such a file for one that asks for nothing.
bool says_nothing(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') return false;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return true;
}

base::Result<web::Protection> load(const std::string& path) {
  base::Diagnostics diagnostics;
  web::Protection protection = read_protection(path, diagnostics);
  if (!diagnostics.has_errors()) return protection;
  std::string all;
  for (const base::Diagnostic& one : diagnostics.sorted()) {
    if (one.gravity == base::Gravity::error)
      all += (all.empty() ? "" : "\n") + base::to_string(one);
  }
  return base::fail(base::ErrorKind::invalid_input, std::move(all));
}

}  // namespace

web::Protection read_protection(const std::string& path, base::Diagnostics& diagnostics) {
  web::Protection protection;
  protection.path = path;
  if (path.empty()) return protection;
  const auto text = settings::read_text(path, diagnostics);
  if (!text || says_nothing(*text)) return protection;
  const auto root = settings::read_yaml(
      path, *text, [](auto, const auto&) {}, diagnostics);
  if (!root) return protection;
  protection.settings = web::read_security(*root, diagnostics);
  const auto& tls = protection.settings.tls;
  if (tls && tls->certificate.named() && tls->key.named())
    protection.tls = web::make_tls_context(*tls, diagnostics);
  return protection;
}

std::unique_ptr<web::Security> keep_protected(web::Protection first, const base::Clock& clock) {
  const std::string path = first.path;
  web::Security::Sources sources;
  sources.load = load;
  sources.reloaded = [path] { log::info("web_config_loaded", {{"config", path}}); };
  sources.rejected = [path](const std::string& why) {
    log::error("web_config_rejected",
               {{"config", path}, {"message", why + "; what was in force stays in force"}});
  };
  return std::make_unique<web::Security>(std::move(first), std::move(sources), clock);
}

}  // namespace aka::app
