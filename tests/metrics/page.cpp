// A strict reader of the text format, written from its description and sharing nothing with the
// writer.
#include "metrics/page.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <stdexcept>

namespace aka::metrics::testing {
namespace {

[[noreturn]] void refuse(const std::string& why, std::string_view line) {
  throw std::runtime_error(why + " in line: " + std::string(line));
}

/// Decodes and compares with the shortest form, which is another way than the writer's tables.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xC0) || first >= 0xF8 || i + length > text.size()) return false;
    unsigned long point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t j = 1; j < length; ++j) {
      const auto next = static_cast<unsigned char>(text[i + j]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 0x3FU);
    }
    const std::size_t shortest = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (length != shortest || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    i += length;
  }
  return true;
}

bool is_name(std::string_view text) {
  static const std::regex kName("[a-zA-Z_][a-zA-Z0-9_]*");
  return std::regex_match(text.begin(), text.end(), kName);
}

/// Reads from just behind the opening quote to just behind the closing one.
std::string read_quoted(std::string_view& rest, std::string_view line) {
  std::string value;
  while (!rest.empty() && rest.front() != '"') {
    char symbol = rest.front();
    rest.remove_prefix(1);
    if (symbol == '\\') {
      if (rest.empty()) refuse("a lonely backslash", line);
      symbol = rest.front();
      if (symbol == 'n') {
        symbol = '\n';
      } else if (symbol != '\\' && symbol != '"') {
        refuse("an unknown escape", line);
      }
      rest.remove_prefix(1);
    }
    value += symbol;
  }
  if (rest.empty()) refuse("an open quote", line);
  rest.remove_prefix(1);
  if (!is_utf8(value)) refuse("a bad label value", line);
  return value;
}

Labels read_labels(std::string_view& rest, std::string_view line) {
  Labels labels;
  do {
    rest.remove_prefix(1);  // { or ,
    const std::size_t equals = rest.find("=\"");
    if (equals == std::string_view::npos) refuse("no label", line);
    std::string name(rest.substr(0, equals));
    if (!is_name(name)) refuse("a bad label name", line);
    rest.remove_prefix(equals + 2);
    if (!labels.emplace(name, read_quoted(rest, line)).second) refuse("a label twice", line);
  } while (rest.starts_with(','));
  if (!rest.starts_with('}')) refuse("no closing brace", line);
  rest.remove_prefix(1);
  return labels;
}

bool includes(const Labels& all, const Labels& some) {
  return std::ranges::all_of(some, [&](const auto& label) {
    const auto found = all.find(label.first);
    return found != all.end() && found->second == label.second;
  });
}

}  // namespace

Page::Page(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) refuse("no newline", text);
    read_line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

void Page::read_line(std::string_view line) {
  const bool help = line.starts_with("# HELP ");
  if (!help && !line.starts_with("# TYPE ")) return read_sample(line);
  const std::string_view rest = line.substr(7);
  const std::string name(rest.substr(0, rest.find(' ')));
  const std::string text(rest.substr(name.size() + 1));
  if (help) {
    if (!families_.try_emplace(name).second) refuse("a family twice", line);
    family_ = name;
    families_[name].help = text;
  } else {
    if (name != family_ || !families_[name].type.empty()) refuse("TYPE not after HELP", line);
    families_[name].type = text;
  }
}

void Page::read_sample(std::string_view line) {
  const std::string name(line.substr(0, line.find_first_of("{ ")));
  if (family_.empty()) refuse("a sample before any family", line);
  FamilyText& family = families_[family_];
  if (family.type.empty()) refuse("a sample without a TYPE", line);
  const bool part =
      family.type == "histogram" &&
      (name == family_ + "_bucket" || name == family_ + "_sum" || name == family_ + "_count");
  if (!part && name != family_) refuse("a sample of another family", line);
  std::string_view rest = line.substr(name.size());
  const Labels labels = rest.starts_with('{') ? read_labels(rest, line) : Labels{};
  if (!rest.starts_with(' ')) refuse("no value", line);
  rest.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || end != rest.data() + rest.size()) refuse("a bad value", line);
  if (!family.series[name].emplace(labels, value).second) refuse("a series twice", line);
}

std::vector<double> Page::matches(const std::string& name, const Labels& labels) const {
  std::vector<double> values;
  for (const auto& [family_name, family] : families_) {
    const auto found = family.series.find(name);
    if (found == family.series.end()) continue;
    for (const auto& [candidate, value] : found->second) {
      if (includes(candidate, labels)) values.push_back(value);
    }
  }
  return values;
}

double Page::value(const std::string& name, const Labels& labels) const {
  const auto values = matches(name, labels);
  if (values.size() != 1) {
    throw std::runtime_error(std::to_string(values.size()) + " series of " + name);
  }
  return values.front();
}

std::size_t Page::count(const std::string& name, const Labels& labels) const {
  return matches(name, labels).size();
}

}  // namespace aka::metrics::testing
