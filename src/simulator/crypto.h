#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace aka::simulator {

enum class HashAlgorithm { md5, sha256 };

/// The hash of the parts, joined by ':' as digest authentication joins them. Raw bytes.
std::string hash_bytes(HashAlgorithm algorithm, std::initializer_list<std::string_view> parts);
/// The same in lower-case hex.
std::string hash_hex(HashAlgorithm algorithm, std::initializer_list<std::string_view> parts);

std::string hex(std::string_view bytes);
std::string base64(std::string_view bytes);
std::string base64_url(std::string_view bytes);  ///< without padding
/// Standard alphabet with padding; anything else is nothing.
std::optional<std::string> from_base64(std::string_view text);

/// Bytes nobody can guess.
std::string random_bytes(std::size_t count);

/// A well-mixed number for each input: reproducible variety, no secrecy.
std::uint64_t mixed(std::uint64_t number);

}  // namespace aka::simulator
