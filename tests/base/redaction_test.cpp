// What may be repeated in a message.
#include "base/redaction.h"

#include <string>

#include <doctest/doctest.h>

namespace aka::base {
namespace {

TEST_SUITE("redaction") {
  TEST_CASE("texts of a secret's form are masked wherever they stand") {
    for (const char* text :
         {"0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d", "x 0A1B2C3D-4E5F-6A7B-8C9D-0E1F2A3B4C5D y",
          "mdb_sa_sk_abc", "secret=mdb_sa_sk_abc", "https://user:password@host/",
          "http://user@host"}) {
      CAPTURE(text);
      CHECK(looks_secret(text));
      CHECK(shown(text) == "<secret>");
    }
  }

  TEST_CASE("other texts are shown") {
    for (const char* text :
         {"", "abcdwxyz", "64aa11bb22cc33dd44ee55f1", "mdb_sa_id_0123456789abcdef01234567",
          "2026-11-24T05:47:18Z", "team-dead-beef", "https://host/path?x=a@b", "a@b"}) {
      CAPTURE(text);
      CHECK_FALSE(looks_secret(text));
      CHECK(shown(text) == text);
    }
  }

  TEST_CASE("a damaged private key is no secret by form, and is masked all the same") {
    for (const char* text :
         {"0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5", "0a1b2c3d-4e5f-6a7b", "x-4e5f-6a7b-8c9d-y"}) {
      CAPTURE(text);
      CHECK_FALSE(looks_secret(text));
      CHECK(shown(text) == "<secret>");
    }
  }

  TEST_CASE("a key's name can tell that its value is a secret") {
    for (const char* key : {"private_key", "client_secret", "bearer_token", "password", "key"})
      CHECK(shown(key, "plain") == "<secret>");
    for (const char* key : {"public_key", "interval", "key_file"})
      CHECK(shown(key, "plain") == "plain");
  }

  TEST_CASE("control characters are escaped, and long texts cut between characters") {
    CHECK(shown("a\nb\x1b[0m\x7f") == "a\\x0ab\\x1b[0m\\x7f");
    CHECK(shown(std::string(200, 'x')) == std::string(80, 'x') + "...");
    CHECK(shown(std::string(79, 'x') + "\xc3\xa9\xc3\xa9") == std::string(79, 'x') + "...");
    CHECK(shown(std::string(78, 'x') + "\xc3\xa9\xc3\xa9") == std::string(78, 'x') + "\xc3\xa9...");
  }
}

}  // namespace
}  // namespace aka::base
