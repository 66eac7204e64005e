// JSON as a base::Section tree. Entry points: read_json() and write_json(). The tree is built from
// the parser's events, so that every object knows its JSON pointer and duplicates are noticed.
#include "simulator/json_tree.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace aka::simulator {
namespace {

using base::Section;
using nlohmann::json;

constexpr std::size_t kDeepest = 64;

class TreeBuilder final : public nlohmann::json_sax<json> {
 public:
  explicit TreeBuilder(std::string_view name) : name_(name) {}

  bool null() override { return add(scalar(Section::Kind::null, {})); }
  bool boolean(bool value) override { return add(bare(value ? "true" : "false")); }
  bool number_integer(number_integer_t value) override { return add(bare(std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    return add(bare(std::to_string(value)));
  }
  bool number_float(number_float_t, const string_t& text) override { return add(bare(text)); }
  bool binary(binary_t&) override { return false; }

  bool string(string_t& text) override {
    Section leaf = scalar(Section::Kind::scalar, std::move(text));
    leaf.quoted = true;
    return add(std::move(leaf));
  }

  bool start_object(std::size_t) override { return open(Section::Kind::mapping); }
  bool start_array(std::size_t) override { return open(Section::Kind::sequence); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& text) override {
    Level& level = levels_.back();
    if (level.section.find(text) != nullptr) {
      error_ = fmt::format("{}: the member '{}' is given twice", *level.section.mark.file, text);
      return false;
    }
    level.key = std::move(text);
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& problem) override {
    error_ = fmt::format("{}: this is not JSON: {}", name_, problem.what());
    return false;
  }

  Section take_root() { return std::move(root_); }
  const std::string& error() const { return error_; }

 private:
  struct Level {
    Section section;
    std::string key;  ///< of the member whose value comes next
  };

  Section scalar(Section::Kind kind, std::string text) const {
    Section section;
    section.kind = kind;
    section.text = std::move(text);
    if (levels_.empty()) {
      section.mark.file = std::make_shared<const std::string>(next_pointer());
    } else {
      section.mark = levels_.back().section.mark;
    }
    return section;
  }

  Section bare(std::string text) const { return scalar(Section::Kind::scalar, std::move(text)); }

  std::string next_pointer() const {
    if (levels_.empty()) return name_ + "#";
    const Level& level = levels_.back();
    const std::string& above = *level.section.mark.file;
    return level.section.kind == Section::Kind::sequence
               ? fmt::format("{}/{}", above, level.section.items.size())
               : fmt::format("{}/{}", above, level.key);
  }

  bool open(Section::Kind kind) {
    if (levels_.size() == kDeepest) {
      error_ = fmt::format("{}: nested deeper than {} levels", name_, kDeepest);
      return false;
    }
    Level level;
    level.section.kind = kind;
    level.section.mark.file = std::make_shared<const std::string>(next_pointer());
    levels_.push_back(std::move(level));
    return true;
  }

  bool close() {
    Section done = std::move(levels_.back().section);
    levels_.pop_back();
    return add(std::move(done));
  }

  bool add(Section section) {
    if (levels_.empty()) {
      root_ = std::move(section);
      return true;
    }
    Level& level = levels_.back();
    if (level.section.kind == Section::Kind::sequence) {
      level.section.items.push_back(std::move(section));
    } else {
      level.section.entries.push_back(
          {std::move(level.key), level.section.mark, std::move(section)});
    }
    return true;
  }

  std::string name_;
  std::vector<Level> levels_;
  Section root_;
  std::string error_;
};

void append_json(std::string& out, const Section& tree);

template <typename Items, typename Append>
void append_list(std::string& out, const Items& items, Append append) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(item);
  }
}

void append_json(std::string& out, const Section& tree) {
  switch (tree.kind) {
    case Section::Kind::null:
      out += "null";
      return;
    case Section::Kind::scalar:
      if (tree.quoted) {
        append_json_text(out, tree.text);
      } else {
        out += tree.text;
      }
      return;
    case Section::Kind::sequence:
      out += '[';
      append_list(out, tree.items, [&](const Section& item) { append_json(out, item); });
      out += ']';
      return;
    case Section::Kind::mapping:
      out += '{';
      append_list(out, tree.entries, [&](const Section::Entry& entry) {
        append_json_text(out, entry.key);
        out += ':';
        append_json(out, entry.value);
      });
      out += '}';
      return;
  }
}

}  // namespace

base::Result<Section> read_json(std::string_view text, std::string_view name) {
  TreeBuilder builder(name);
  try {
    if (json::sax_parse(text, &builder)) return builder.take_root();
  } catch (const json::exception& problem) {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("{}: this is not JSON: {}", name, problem.what()));
  }
  return base::fail(base::ErrorKind::invalid_input, builder.error());
}

std::string write_json(const Section& tree) {
  std::string out;
  append_json(out, tree);
  return out;
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char symbol : text) {
    const auto code = static_cast<unsigned char>(symbol);
    if (symbol == '"' || symbol == '\\') {
      out += '\\';
      out += symbol;
    } else if (code < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    } else {
      out += symbol;
    }
  }
  out += '"';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

void append_json_member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_json_text(out, name);
  out += ':';
  append_json_text(out, text);
  out += ',';
}

std::string pretty_json(const std::string& text) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return text;
  return document.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string merge_patch(const std::string& text, const std::string& patch) {
  json document = json::parse(text, nullptr, false);
  const json changes = json::parse(patch, nullptr, false);
  if (document.is_discarded() || changes.is_discarded()) return text;
  document.merge_patch(changes);
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace aka::simulator
