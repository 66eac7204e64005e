// Against the vectors of RFC 4231 and RFC 4648, and FIPS 180-2.
#include "alert/crypto.h"

#include <doctest/doctest.h>

namespace aka::alert {
namespace {

TEST_SUITE("crypto") {
  TEST_CASE("HMAC-SHA256 gives what RFC 4231 gives") {
    struct Row {
      std::string key;
      std::string data;
      const char* result;
    };
    const Row rows[] = {
        {std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {std::string(20, '\xaa'), std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };
    for (const Row& row : rows) {
      CHECK(hmac_sha256_hex(base::Secret(row.key), row.data) == row.result);
    }
  }

  TEST_CASE("SHA-256 and base64 give what their standards give") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fooba") == "Zm9vYmE=");
    CHECK(base64("foobar") == "Zm9vYmFy");
  }
}

}  // namespace
}  // namespace aka::alert
