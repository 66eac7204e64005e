#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aka::atlas {

enum class JsonContainer { object, array };

struct JsonScalar {
  enum class Kind { null, boolean, integer, fraction, text };

  Kind kind = Kind::null;
  std::int64_t integer = 0;  ///< of an integer; one beyond 64 bits counts as a fraction
  std::string_view text;     ///< of a text, valid UTF-8; gone when the call returns
};

/// What a reading meets, in order. `name` is that of the object's member, and empty for an element
/// of an array and for the outermost value. An answer of false ends the reading: the text is not
/// what was expected.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;

  virtual bool open(std::string_view name, JsonContainer container) = 0;
  virtual bool close() = 0;
  virtual bool scalar(std::string_view name, const JsonScalar& value) = 0;
};

/// Reads one whole JSON text strictly: invalid UTF-8, a member name used twice in one object, more
/// than 128 members in one object, and nesting deeper than 64 are errors like bad syntax. Answers
/// nothing if all went well, else what is wrong, for people: "is not valid JSON (at byte 17)". That
/// never repeats the text.
std::optional<std::string> read_json(std::string_view text, JsonVisitor& visitor);

/// `{"status": 200, "content": {...}}`, in which old API flavours can wrap an answer.
struct Envelope {
  int status = 0;
  std::string content;  ///< JSON
};

/// Nothing unless the text has exactly that form, read as strictly as above.
std::optional<Envelope> open_envelope(std::string_view text);

}  // namespace aka::atlas
