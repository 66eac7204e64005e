// The one form of JSON that is hashed. Entry point: canonical_object(). nlohmann's objects sort
// their keys by bytes, as Python does by code points, which in UTF-8 is the same; what remains is
// to keep out what two programs may write differently (fractions) and what could end the process
// (deep nesting, bytes that are not UTF-8).
#include "journal/canonical_json.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace aka::journal {
namespace {

using nlohmann::json;

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void fractions_to_text(json& value) {
  if (value.is_number_float()) {
    value = dumped(value);
  } else if (value.is_structured()) {
    for (json& inner : value) fractions_to_text(inner);
  }
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) {
    return byte >= ' ' && byte < '\x7f' && byte != '"' && byte != '\\';
  });
}

}  // namespace

std::optional<std::string> canonical_object(std::string_view text, int deepest) {
  bool too_deep = false;
  const auto within_depth = [&too_deep, deepest](int depth, json::parse_event_t, json&) {
    if (depth > deepest) too_deep = true;
    return !too_deep;
  };
  json value = json::parse(text, within_depth, false);
  if (too_deep || !value.is_object()) return std::nullopt;
  fractions_to_text(value);
  return dumped(value);
}

std::string canonical_text(std::string_view text) {
  if (is_plain(text)) return '"' + std::string(text) + '"';
  return dumped(json(text));
}

std::string valid_utf8(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  return json::parse(canonical_text(text)).get<std::string>();
}

}  // namespace aka::journal
