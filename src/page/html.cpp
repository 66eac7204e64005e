// The one place where text becomes HTML. Descriptions, role names and messages come from outside;
// whoever can write them can try to write into the page.
#include "page/html.h"

#include "report/printable.h"

namespace aka::page {
namespace {

std::string_view reference_of(char symbol) {
  switch (symbol) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

bool stands_for_itself(char symbol) {
  return (symbol >= '0' && symbol <= '9') || (symbol >= 'A' && symbol <= 'Z') ||
         (symbol >= 'a' && symbol <= 'z') || symbol == '-' || symbol == '.' || symbol == '_' ||
         symbol == '~';
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  const std::string visible = report::printable(text);
  result.reserve(visible.size());
  for (const char symbol : visible) {
    const std::string_view reference = reference_of(symbol);
    if (reference.empty()) {
      result += symbol;
    } else {
      result += reference;
    }
  }
  return result;
}

std::string in_address(std::string_view text) {
  std::string result;
  for (const char symbol : text) {
    if (stands_for_itself(symbol)) {
      result += symbol;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(symbol));
    }
  }
  return result;
}

}  // namespace aka::page
