// YAML into Section. Entry point: read_yaml(). The events of yaml-cpp's parser build the tree
// directly; its Node would cost a third of a kilobyte per value and keep silent about duplicate
// keys. The items of organizations[].keys leave as soon as they are complete.
#include "settings/yaml_reader.h"

#include <algorithm>
#include <istream>
#include <map>
#include <memory>
#include <set>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/redaction.h"

namespace aka::settings {
namespace {

using base::Section;

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kMostCopies = 500'000;  // values that aliases may add
constexpr std::size_t kScanned = 16;          // keys of a mapping that are searched one by one

/// Ends the parse from inside an event; what was wrong has been reported.
struct Stopped {};

/// Reads from a string without copying it.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(const std::string& text) {
    // The interface wants it mutable; a get area is never written to.
    char* begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    setg(begin, begin, begin + text.size());
  }
};

std::size_t count_values(const Section& section) {
  std::size_t count = 1;
  for (const Section& item : section.items) count += count_values(item);
  for (const Section::Entry& entry : section.entries) count += count_values(entry.value);
  return count;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> file, const KeySink& sink,
              base::Diagnostics& diagnostics)
      : file_(std::move(file)), sink_(sink), diagnostics_(diagnostics) {}

  Section& root() { return root_; }

  base::Mark mark_of(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, static_cast<std::size_t>(mark.line) + 1,
            static_cast<std::size_t>(mark.column) + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!documents_++) return;
    stop(mark_of(mark),
         "a second document, or text that belongs to none, begins here; one file "
         "holds one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Section null;
    null.mark = mark_of(mark);
    complete(std::move(null), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      stop(mark_of(mark), "this alias stands inside the value that it repeats");
    copies_ += found->second.values;
    if (copies_ > kMostCopies) {
      stop(mark_of(mark), fmt::format("the aliases of this file expand to more than {} values; "
                                      "write fewer of them",
                                      kMostCopies));
    }
    complete(Section(found->second.section), YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Section scalar = begin(mark, tag, Section::Kind::scalar);
    scalar.text = value;
    scalar.quoted = !tag.empty() && tag != "?";
    complete(std::move(scalar), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    push(begin(mark, tag, Section::Kind::sequence), anchor);
    stack_.back().streams = is_key_list();
  }
  void OnSequenceEnd() override { pop(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    push(begin(mark, tag, Section::Kind::mapping), anchor);
    stack_.back().section.entries.reserve(4);
  }
  void OnMapEnd() override { pop(); }

 private:
  /// A list or mapping that is still open.
  struct Frame {
    Section section;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool streams = false;  ///< its items go to the sink
    bool has_key = false;  ///< in a mapping: the next value belongs to `key`
    bool drops = false;    ///< ... and has no place, because `key` is unusable
    std::string key;
    base::Mark key_mark;
    std::set<std::string> keys;  ///< of a mapping with many entries
  };

  struct Anchored {
    Section section;
    std::size_t values;
  };

  [[noreturn]] void stop(const base::Mark& mark, std::string message) {
    diagnostics_.error(mark, std::move(message));
    throw Stopped();
  }

  Section begin(const YAML::Mark& mark, const std::string& tag, Section::Kind kind) {
    Section section;
    section.kind = kind;
    section.mark = mark_of(mark);
    if (tag.size() > 1 && !tag.starts_with("tag:yaml.org,2002:")) {
      diagnostics_.error(section.mark,
                         "the configuration knows no tags ('!...'); quote a value "
                         "that begins with '!'");
    }
    return section;
  }

  void push(Section section, YAML::anchor_t anchor) {
    if (stack_.size() == kDeepest) {
      stop(section.mark,
           fmt::format("lists and mappings stand more than {} deep in one another", kDeepest));
    }
    if (anchor != YAML::NullAnchor) ++open_anchors_;
    Frame frame;
    frame.section = std::move(section);
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void pop() {
    Section section = std::move(stack_.back().section);
    const YAML::anchor_t anchor = stack_.back().anchor;
    if (anchor != YAML::NullAnchor) --open_anchors_;
    stack_.pop_back();
    complete(std::move(section), anchor);
  }

  /// Whether the innermost list is `keys` of an organization, and nothing may repeat it later.
  bool is_key_list() const {
    const auto under = [&](std::size_t depth, std::string_view key) {
      return stack_[depth].has_key && !stack_[depth].drops && stack_[depth].key == key;
    };
    return stack_.size() == 4 && open_anchors_ == 0 && under(0, "organizations") &&
           stack_[1].section.kind == Section::Kind::sequence && under(2, "keys");
  }

  void complete(Section section, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor)
      anchors_.insert_or_assign(anchor, Anchored{section, count_values(section)});
    if (stack_.empty()) {
      root_ = std::move(section);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.streams) {
      sink_(stack_[1].section.items.size(), section);
    } else if (frame.section.kind == Section::Kind::sequence) {
      frame.section.items.push_back(std::move(section));
    } else if (!frame.has_key) {
      begin_entry(frame, std::move(section));
    } else {
      end_entry(frame, std::move(section));
    }
  }

  void begin_entry(Frame& frame, Section key) {
    frame.has_key = true;
    frame.drops = true;
    frame.key_mark = std::move(key.mark);
    if (key.kind != Section::Kind::scalar) {
      diagnostics_.error(frame.key_mark,
                         fmt::format("a key must be text, not {}", base::describe(key.kind)));
    } else if (key.text == "<<" && !key.quoted) {
      diagnostics_.error(frame.key_mark,
                         "merge keys ('<<') are not supported; write the settings "
                         "out, or repeat whole values by aliases");
    } else if (const base::Mark* first = find_duplicate(frame, key.text)) {
      diagnostics_.error(frame.key_mark,
                         fmt::format("'{}' stands twice in one mapping, first at line {}, column "
                                     "{}; keep one of them",
                                     base::shown(key.text), first->line, first->column));
    } else {
      frame.drops = false;
      frame.key = std::move(key.text);
    }
  }

  static const base::Mark* find_duplicate(Frame& frame, const std::string& key) {
    const auto& entries = frame.section.entries;
    if (entries.size() > kScanned) {
      if (frame.keys.empty()) {
        for (const Section::Entry& entry : entries) frame.keys.insert(entry.key);
      }
      if (frame.keys.insert(key).second) return nullptr;
    }
    const auto found = std::ranges::find(entries, key, &Section::Entry::key);
    return found == entries.end() ? nullptr : &found->mark;
  }

  void end_entry(Frame& frame, Section value) {
    frame.has_key = false;
    if (frame.drops) return;
    // yaml-cpp places an empty value where the next token stands.
    if (value.kind == Section::Kind::null) value.mark = frame.key_mark;
    frame.section.entries.push_back(
        {std::move(frame.key), std::move(frame.key_mark), std::move(value)});
    frame.key.clear();
  }

  std::shared_ptr<const std::string> file_;
  const KeySink& sink_;
  base::Diagnostics& diagnostics_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t open_anchors_ = 0;
  std::size_t copies_ = 0;
  int documents_ = 0;
  Section root_;
};

/// Hands out the keys that could not leave earlier, because an alias may have repeated them.
void hand_out_kept_keys(Section& root, const KeySink& sink) {
  for (Section::Entry& block : root.entries) {
    if (block.key != "organizations") continue;
    for (std::size_t i = 0; i < block.value.items.size(); ++i) {
      for (Section::Entry& entry : block.value.items[i].entries) {
        if (entry.key != "keys") continue;
        for (const Section& key : entry.value.items) sink(i, key);
        entry.value.items.clear();
      }
    }
  }
}

std::string syntax_error(const YAML::Exception& exception) {
  if (exception.msg.starts_with("the referenced anchor is not defined"))
    return "this alias names no anchor that stands before it; quote a text that begins with '*'";
  return fmt::format("this is not valid YAML: {}", exception.msg);
}

}  // namespace

std::optional<Section> read_yaml(const std::filesystem::path& path, const std::string& text,
                                 const KeySink& sink, base::Diagnostics& diagnostics) {
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  TreeBuilder builder(std::make_shared<const std::string>(path.string()), sink, diagnostics);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stopped&) {
    return std::nullopt;
  } catch (const YAML::Exception& exception) {
    diagnostics.error(builder.mark_of(exception.mark), syntax_error(exception));
    return std::nullopt;
  }
  if (builder.root().kind == Section::Kind::null) {
    diagnostics.error(builder.mark_of(YAML::Mark::null_mark()),
                      "the file is empty; a configuration begins with 'version: 1'");
    return std::nullopt;
  }
  hand_out_kept_keys(builder.root(), sink);
  return std::move(builder.root());
}

}  // namespace aka::settings
