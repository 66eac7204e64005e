// Strict, bounded reading of JSON as events. Entry point: read_json(). The library's event parser
// does the syntax without recursion; here is what it leaves open: depth, and repeated names, which
// two readers could understand in two ways. The only file of this folder that knows the library.
#include "atlas/json_reader.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace aka::atlas {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostMembers = 128;

std::string not_json(std::size_t position) {
  return fmt::format("is not valid JSON (at byte {})", position);
}

class Events {
 public:
  explicit Events(JsonVisitor& visitor) : visitor_(visitor) {}

  const std::string& problem() const { return problem_; }

  bool null() { return scalar({}); }
  bool boolean(bool) { return scalar({JsonScalar::Kind::boolean, 0, {}}); }
  bool number_integer(Json::number_integer_t value) {
    return scalar({JsonScalar::Kind::integer, value, {}});
  }
  bool number_unsigned(Json::number_unsigned_t value) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    if (value > static_cast<Json::number_unsigned_t>(kMost)) {
      return scalar({JsonScalar::Kind::fraction, 0, {}});
    }
    return scalar({JsonScalar::Kind::integer, static_cast<std::int64_t>(value), {}});
  }
  bool number_float(Json::number_float_t, const std::string&) {
    return scalar({JsonScalar::Kind::fraction, 0, {}});
  }
  bool string(std::string& value) { return scalar({JsonScalar::Kind::text, 0, value}); }
  bool binary(Json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(JsonContainer::object); }
  bool start_array(std::size_t) { return open(JsonContainer::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(frames_.back().first_name);
    const auto last = names_.begin() + static_cast<std::ptrdiff_t>(used_);
    if (std::find(first, last, name) != last) return fail("uses a member name twice");
    if (last - first >= static_cast<std::ptrdiff_t>(kMostMembers)) {
      return fail("has too many members in one object");
    }
    // Strings are kept and overwritten, so that a reading allocates for few of its names.
    if (used_ == names_.size()) names_.emplace_back();
    names_[used_++] = name;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    // The library's own text quotes the input, which may hold a secret.
    return fail(not_json(position));
  }

 private:
  struct Frame {
    JsonContainer container;
    std::size_t first_name;
  };

  std::string_view name() const {
    const bool in_object = !frames_.empty() && frames_.back().container == JsonContainer::object;
    return in_object ? std::string_view(names_[used_ - 1]) : std::string_view();
  }

  bool scalar(const JsonScalar& value) {
    return visitor_.scalar(name(), value) || fail("does not have the expected form");
  }

  bool open(JsonContainer container) {
    if (frames_.size() == kDeepest) return fail("is nested too deeply");
    if (!visitor_.open(name(), container)) return fail("does not have the expected form");
    frames_.push_back({container, used_});
    return true;
  }

  bool close() {
    used_ = frames_.back().first_name;
    frames_.pop_back();
    return visitor_.close() || fail("does not have the expected form");
  }

  bool fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  JsonVisitor& visitor_;
  std::vector<Frame> frames_;
  std::vector<std::string> names_;
  std::size_t used_ = 0;  // how many of names_ belong to open objects
  std::string problem_;
};

class Anything : public JsonVisitor {
 public:
  bool open(std::string_view, JsonContainer) override { return true; }
  bool close() override { return true; }
  bool scalar(std::string_view, const JsonScalar&) override { return true; }
};

}  // namespace

std::optional<std::string> read_json(std::string_view text, JsonVisitor& visitor) {
  // The library takes a zero byte for the end of the text and would ignore the rest.
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos) return not_json(zero + 1);
  Events events(visitor);
  if (Json::sax_parse(text.begin(), text.end(), &events)) return std::nullopt;
  return events.problem();
}

std::optional<Envelope> open_envelope(std::string_view text) {
  Anything anything;
  if (read_json(text, anything)) return std::nullopt;
  const Json outer = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!outer.is_object() || outer.size() != 2) return std::nullopt;
  const auto status = outer.find("status");
  const auto content = outer.find("content");
  if (status == outer.end() || !status->is_number_integer() || content == outer.end() ||
      !content->is_object()) {
    return std::nullopt;
  }
  const auto number = status->get<std::int64_t>();
  if (number < 100 || number > 599) return std::nullopt;
  return Envelope{static_cast<int>(number), content->dump()};
}

}  // namespace aka::atlas
