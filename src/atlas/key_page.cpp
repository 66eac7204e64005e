// From JSON to a page of keys. Entry point: parse_key_page(). The keys are cut out of the text
// first, so that each is read by parse_key() itself: what breaks one, be it a syntax error, is not
// its neighbours' trouble. What remains, the frame, is read with blanks in their place.
#include "atlas/key_page.h"

#include <algorithm>
#include <utility>

#include "atlas/json_reader.h"
#include "atlas/key_parser.h"

namespace aka::atlas {
namespace {

struct Cut {
  std::vector<std::string_view> items;  ///< the objects in `results`
  std::string frame;                    ///< the text with nothing but blanks in them
};

/// The closing quote of the text that opens at `at`, or the end of it all.
std::size_t end_of_text(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at, json.size());
}

/// Counts brackets and nothing else: whatever it misunderstands is no JSON and is refused later.
Cut cut_out_items(std::string_view json) {
  Cut cut{{}, std::string(json)};
  int depth = 0;
  bool in_results = false;
  std::size_t begin = 0;
  std::string_view text;  // the last one in the outermost object
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char symbol = json[at];
    if (symbol == '"') {
      const std::size_t end = end_of_text(json, at);
      if (depth == 1) text = json.substr(at + 1, end - at - 1);
      at = end;
    } else if (symbol == '{' || symbol == '[') {
      if (depth == 1) in_results = symbol == '[' && text == "results";
      if (depth == 2) begin = at;
      ++depth;
    } else if (symbol == '}' || symbol == ']') {
      --depth;
      if (depth != 2 || !in_results || symbol != '}' || json[begin] != '{') continue;
      cut.items.push_back(json.substr(begin, at + 1 - begin));
      std::fill(cut.frame.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
                cut.frame.begin() + static_cast<std::ptrdiff_t>(at), ' ');
    }
  }
  return cut;
}

class FrameVisitor : public JsonVisitor {
 public:
  bool open(std::string_view name, JsonContainer container) override {
    if (skipped_ > 0) return ++skipped_ > 0;
    const bool array = container == JsonContainer::array;
    switch (place_) {
      case Place::outside:
        place_ = Place::page;
        return !array || wrong("is no JSON object");
      case Place::page:
        if (name == "results") return array ? enter(Place::results) : wrong(kNoList);
        return name == "links" && array ? enter(Place::links) : ++skipped_ > 0;
      case Place::results:
        ++entries_;
        return array ? wrong(kNoObject) : ++skipped_ > 0;
      case Place::links:
        return array ? ++skipped_ > 0 : enter(Place::link);
      case Place::link:
        return ++skipped_ > 0;
    }
    return false;
  }

  bool close() override {
    if (skipped_ > 0) return --skipped_ >= 0;
    place_ = place_ == Place::link   ? Place::links
             : place_ == Place::page ? Place::outside
                                     : Place::page;
    return true;
  }

  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (skipped_ > 0) return true;
    if (place_ == Place::outside) return wrong("is no JSON object");
    if (place_ == Place::page && name == "results") return wrong(kNoList);
    if (place_ == Place::results) return wrong(kNoObject);
    if (place_ == Place::link && name == "rel" && value.text == "next") has_next_ = true;
    return true;
  }

  /// A form that ended the reading; empty: none did.
  std::string_view problem() const { return problem_; }
  /// What a frame read to its end lacks, that should hold `items` keys; empty: nothing.
  std::string_view lack(std::size_t items) const {
    if (!has_results_) return "has no 'results'";
    // One was not cut out: the name of the list is written in a form that no service uses.
    return entries_ == items ? "" : "has 'results' that are not told apart";
  }
  bool last() const {
    return entries_ == 0 || !(has_links_ ? has_next_ : entries_ >= kKeysPerPage);
  }

 private:
  enum class Place { outside, page, results, links, link };

  static constexpr std::string_view kNoList = "has 'results' that are no list";
  static constexpr std::string_view kNoObject = "has a key that is no object";

  bool enter(Place place) {
    place_ = place;
    has_results_ = has_results_ || place == Place::results;
    has_links_ = has_links_ || place == Place::links;
    return true;
  }

  bool wrong(std::string_view problem) {
    problem_ = problem;
    return false;
  }

  Place place_ = Place::outside;
  int skipped_ = 0;  // containers open at a place that is passed over
  std::size_t entries_ = 0;
  bool has_results_ = false;
  bool has_links_ = false;
  bool has_next_ = false;
  std::string_view problem_;  // a literal
};

/// The id of a key whose rest may be anything.
class IdVisitor : public JsonVisitor {
 public:
  bool open(std::string_view, JsonContainer) override { return ++depth_ > 0; }
  bool close() override { return --depth_ >= 0; }
  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (depth_ == 1 && name == "id" && !id) id = model::KeyId::parse(value.text);
    return true;
  }

  std::optional<model::KeyId> id;

 private:
  int depth_ = 0;
};

void read_item(std::string_view item, model::OrganizationId organization, KeyPage& page) {
  auto key = parse_key(item, organization);
  if (key) {
    page.keys.push_back(*std::move(key));
    return;
  }
  IdVisitor visitor;
  read_json(item, visitor);
  page.unreadable.push_back({visitor.id, std::move(key.error())});
}

}  // namespace

tl::expected<KeyPage, std::string> parse_key_page(std::string_view json,
                                                  model::OrganizationId organization) {
  const Cut cut = cut_out_items(json);
  FrameVisitor frame;
  if (auto broken = read_json(cut.frame, frame)) {
    return tl::unexpected(frame.problem().empty() ? *std::move(broken)
                                                  : std::string(frame.problem()));
  }
  if (const std::string_view lack = frame.lack(cut.items.size()); !lack.empty())
    return tl::unexpected(std::string(lack));
  KeyPage page;
  page.keys.reserve(cut.items.size());
  for (const std::string_view item : cut.items) read_item(item, organization, page);
  page.last = frame.last();
  return page;
}

}  // namespace aka::atlas
