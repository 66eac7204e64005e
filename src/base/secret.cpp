// Wiping and constant-time comparison for Secret.
#include "base/secret.h"

#include <cstring>
#include <utility>

namespace aka::base {
namespace {

void wipe(std::string& text) {
  // The buffer of a moved-from short string still holds its bytes, so capacity is what counts.
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { wipe(other.text_); }

Secret& Secret::operator=(Secret other) noexcept {
  std::swap(text_, other.text_);
  return *this;
}

Secret::~Secret() { wipe(text_); }

bool operator==(const Secret& left, const Secret& right) {
  if (left.text_.size() != right.text_.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.text_.size(); ++i) {
    difference |=
        static_cast<unsigned char>(left.text_[i]) ^ static_cast<unsigned char>(right.text_[i]);
  }
  return difference == 0;
}

}  // namespace aka::base
