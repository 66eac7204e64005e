// Lists of receivers that have names. Entry point: read_named_receivers().
#include "alert/named_receivers.h"

#include <map>

#include <fmt/format.h>

namespace aka::alert {

using base::Fields;
using base::Section;

void read_named_receivers(const Section& list, std::string_view what,
                          base::Diagnostics& diagnostics,
                          const std::function<void(Fields&, const std::string& name)>& read) {
  if (list.kind != Section::Kind::sequence) {
    diagnostics.error(list.mark, fmt::format("the {} receivers must be a list, not {}", what,
                                             base::describe(list.kind)));
    return;
  }
  std::map<std::string, base::Mark> names;
  for (const Section& item : list.items) {
    const Section* written = item.find("name");
    Fields fields(item,
                  written != nullptr && base::is_name(written->text)
                      ? fmt::format("{} '{}'", what, written->text)
                      : fmt::format("this {}", what),
                  diagnostics);
    const auto name = fields.name("name");
    if (!name && !fields.has_key("name")) fields.missing("name", "it labels the metrics");
    if (name) {
      const auto [first, added] = names.try_emplace(*name, fields.mark_of("name"));
      if (!added) {
        fields.error("name",
                     fmt::format("the name '{}' is used twice, first at line {}, column {}; "
                                 "rename one",
                                 *name, first->second.line, first->second.column));
      }
    }
    read(fields, name.value_or(""));
    fields.finish();
  }
}

}  // namespace aka::alert
