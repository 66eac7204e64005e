// Error bodies of the API and of the token endpoint. Entry point: read_error(). Only three texts of
// a body matter; the rest (`parameters` is null, absent, or mixes numbers and texts) is passed
// over.
#include "atlas/error_body.h"

#include <cstddef>
#include <string_view>

#include <fmt/format.h>

#include "atlas/json_reader.h"
#include "base/redaction.h"

namespace aka::atlas {
namespace {

class ErrorVisitor : public JsonVisitor {
 public:
  bool open(std::string_view, JsonContainer) override { return ++depth_ > 0; }
  bool close() override { return --depth_ >= 0; }

  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (depth_ != 1 || value.kind != JsonScalar::Kind::text) return true;
    if (name == "errorCode") code = value.text;
    if (name == "detail") detail = value.text;
    if (name == "reason") reason = value.text;
    if (name == "error_description") description = value.text;
    if (name == "error") oauth_error = value.text;
    return true;
  }

  std::string code;
  std::string detail;
  std::string reason;
  std::string description;
  std::string oauth_error;

 private:
  int depth_ = 0;
};

bool looks_like_html(std::string_view body) {
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && body[start] == '<';
}

ErrorBody read_body(std::string_view body) {
  ErrorVisitor found;
  ErrorBody error;
  error.html = looks_like_html(body);
  if (read_json(body, found)) return error;  // half a body may have lost the better half
  error.code = std::move(found.code);
  error.oauth_error = std::move(found.oauth_error);
  error.detail = !found.detail.empty()        ? std::move(found.detail)
                 : !found.description.empty() ? std::move(found.description)
                                              : std::move(found.reason);
  return error;
}

}  // namespace

ErrorBody read_error(const http::Answer& answer) {
  ErrorBody error = read_body(answer.body);
  if (error.code.empty()) {
    if (const auto envelope = open_envelope(answer.body)) error = read_body(envelope->content);
  }
  const std::string* const header = answer.header("X-Error-Code");
  if (error.code.empty() && header != nullptr) error.code = *header;
  return error;
}

std::string quote_answer(int status, const ErrorBody& error) {
  std::string text = fmt::format(" (HTTP {}", status);
  const std::string& code = error.code.empty() ? error.oauth_error : error.code;
  if (!code.empty()) text += ", " + base::shown(code);
  if (!error.detail.empty()) text += fmt::format(": \"{}\"", base::shown(error.detail));
  if (error.html) text += ", a page for browsers instead of an API answer";
  return text + ")";
}

bool is_unauthenticated(const http::Answer& answer) {
  if (answer.status != 401) return false;
  const std::string code = read_error(answer).code;
  return code.empty() || code == "UNEXPECTED_ERROR";
}

}  // namespace aka::atlas
