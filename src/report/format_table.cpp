// The table of formats: a function each, declared here and defined in a file of its own. Nothing
// registers itself.
#include "report/format_table.h"

#include <algorithm>
#include <array>

#include "report/json.h"

namespace aka::report {

bool write_junit(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink);
bool write_sarif(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink);

namespace {

bool write_text(const model::Snapshot& snapshot, const AuditFacts& facts, const Sink& sink) {
  return sink(audit_text(snapshot, facts.colour));
}

bool write_json(const model::Snapshot& snapshot, const AuditFacts& /*facts*/, const Sink& sink) {
  return write_audit(snapshot, sink);
}

constexpr std::array kFormats{
    Format{"text", write_text},
    Format{"json", write_json},
    Format{"junit", write_junit},
    Format{"sarif", write_sarif},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto* const found = std::ranges::find(kFormats, name, &Format::name);
  return found == kFormats.end() ? nullptr : found;
}

}  // namespace aka::report
