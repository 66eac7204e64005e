#pragma once

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "atlas/auth_table.h"
#include "base/diagnostics.h"
#include "base/section.h"
#include "http/message.h"
#include "support/scratch_file.h"

/// Words for tests that log in.
namespace aka::test {

inline base::Section scalar(std::string text) {
  base::Section section;
  section.kind = base::Section::Kind::scalar;
  section.text = std::move(text);
  return section;
}

inline base::Section mapping(std::vector<std::pair<std::string, base::Section>> members) {
  base::Section section;
  section.kind = base::Section::Kind::mapping;
  for (auto& [key, value] : members) section.entries.push_back({key, {}, std::move(value)});
  return section;
}

using SecretFile = testing::ScratchFile;

inline void rewrite(const SecretFile& file, const std::string& secret) {
  std::ofstream(file.path()) << secret << '\n';
}

inline constexpr const char* kPrivateKey = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
inline constexpr const char* kClientSecret = "mdb_sa_sk_ThisIsTheSecretOfTheServiceAccount0123";

inline std::shared_ptr<atlas::Credential> credential(const base::Section& section) {
  base::Diagnostics diagnostics;
  auto result = atlas::parse_credential(section, "test", diagnostics);
  for (const auto& diagnostic : diagnostics.sorted())
    throw std::runtime_error(to_string(diagnostic));
  return result;
}

inline std::shared_ptr<atlas::Credential> digest_credential(const SecretFile& file,
                                                            const std::string& key = "abcdwxyz") {
  return credential(mapping({{"digest", mapping({{"public_key", scalar(key)},
                                                 {"private_key_file", scalar(file.path())}})}}));
}

inline std::shared_ptr<atlas::Credential> service_account(
    const SecretFile& file, const std::string& id = "mdb_sa_id_0123456789abcdef01234567") {
  return credential(mapping(
      {{"service_account",
        mapping({{"client_id", scalar(id)}, {"client_secret_file", scalar(file.path())}})}}));
}

inline std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(30);
}

/// The value of a request's header; empty without it.
inline std::string header_of(const http::Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

inline std::string token_body(const std::string& token, long life = 3600) {
  return fmt::format(R"({{"access_token":"{}","expires_in":{},"token_type":"Bearer"}})", token,
                     life);
}

/// "POST /api/oauth/token", "GET /t Bearer one".
inline std::string describe(const http::Request& request) {
  const std::string login = header_of(request, "Authorization");
  return request.method + " " + request.target + (login.starts_with("Bearer ") ? " " + login : "");
}

}  // namespace aka::test
