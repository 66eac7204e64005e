// Reading `credentials:`: every complaint word by word, and none with a secret in it.
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "login.h"

namespace aka::atlas {
namespace {

using test::mapping;
using test::scalar;

std::string complaint(const base::Section& section) {
  base::Diagnostics diagnostics;
  const auto credential = parse_credential(section, "prod", diagnostics);
  CHECK((credential == nullptr) == diagnostics.has_errors());
  std::string all;
  for (const auto& diagnostic : diagnostics.sorted()) {
    all += (all.empty() ? "" : " | ") + diagnostic.message;
  }
  return all;
}

TEST_SUITE("parse_credential") {
  TEST_CASE("what is wrong is said with its fix") {
    const test::SecretFile file("a secret");
    const test::SecretFile empty("");
    const auto digest = [&](std::string key) {
      return mapping({{"digest", mapping({{"public_key", scalar(std::move(key))},
                                          {"private_key_file", scalar(file.path())}})}});
    };
    const auto account = [&](std::string id) {
      return mapping({{"service_account", mapping({{"client_id", scalar(std::move(id))},
                                                   {"client_secret_file", scalar(file.path())}})}});
    };
    struct Row {
      base::Section section;
      std::string complaint;
    };
    const std::string not_a_key =
        "'public_key' of the digest login of credential 'prod' must be 8 lower-case letters; ";
    const std::string not_an_id =
        "'client_id' of the service account of credential 'prod' must be mdb_sa_id_ and 24 hex "
        "digits; ";
    const std::vector<Row> rows{
        {digest("abcdwxyz"), ""},
        {account("mdb_sa_id_0123456789abcdefABCDEF01"), ""},
        {mapping({}), "credential 'prod' needs a method: digest or service_account"},
        {{}, "credential 'prod' needs a method: digest or service_account"},
        {scalar("digest"), "credential 'prod' must be a mapping of settings, not a single value"},
        {mapping({{"digets", mapping({})}}),
         "credential 'prod' has no setting 'digets'; did you mean 'digest'?"},
        {mapping({{"kerberos", mapping({})}}),
         "credential 'prod' has no setting 'kerberos'; it knows digest, service_account"},
        {mapping({{"digest", digest("abcdwxyz").entries[0].value},
                  {"service_account", mapping({{"client_id", scalar("x")}})}}),
         "credential 'prod' has several methods; keep one of digest or service_account"},
        {mapping({{"digest", scalar("x")}}),
         "the digest login of credential 'prod' must be a mapping of settings, not a single value"},
        {digest("ABCDWXYZ"), not_a_key + "'ABCDWXYZ' is not"},
        {digest("abcdwxy"), not_a_key + "'abcdwxy' is not"},
        {digest("64aa11bb22cc33dd44ee55f1"),
         not_a_key +
             "'64aa11bb22cc33dd44ee55f1' is the id of a key; its public key stands beside it in "
             "Atlas"},
        {digest(test::kPrivateKey),
         not_a_key +
             "this looks like the private key, which belongs into a file (private_key_file); a "
             "private key that was written here should be replaced"},
        {account("mdb_sa_id_0123"), not_an_id + "'mdb_sa_id_0123' is not"},
        {account("mdb_sa_id_0123456789abcdef0123456g"),
         not_an_id + "'mdb_sa_id_0123456789abcdef0123456g' is not"},
        {account(test::kClientSecret),
         not_an_id +
             "this looks like the secret, which belongs into a file (client_secret_file); a secret "
             "that was written here should be replaced"},
        {mapping({{"digest", mapping({{"public_key", scalar("abcdwxyz")}})}}),
         "the digest login of credential 'prod' needs 'private_key_file': the path of a file that "
         "holds the secret (or 'private_key_env', the name of an environment variable)"},
        {mapping({{"digest", mapping({{"private_key_file", scalar(file.path())}})}}),
         "the digest login of credential 'prod' needs 'public_key': the 8 letters of the API key"},
        {mapping({{"service_account", mapping({{"client_secret_file", scalar(file.path())}})}}),
         "the service account of credential 'prod' needs 'client_id': mdb_sa_id_ and 24 hex "
         "digits, "
         "as Atlas shows it"},
        {mapping({{"digest", mapping({{"public_key", scalar("abcdwxyz")},
                                      {"private_key_file", scalar(empty.path())}})}}),
         "the secret file " + empty.path() + " is empty; write the secret into it"},
    };
    for (const Row& row : rows) CHECK(complaint(row.section) == row.complaint);
  }

  TEST_CASE("a secret written in the wrong place is never repeated") {
    for (const char* const secret : {test::kPrivateKey, test::kClientSecret}) {
      for (const char* const key :
           {"public_key", "private_key", "private_key_file", "private_key_env", "digest"}) {
        const auto text = complaint(mapping({{"digest", mapping({{key, scalar(secret)}})}}));
        CHECK_FALSE(text.empty());
        CHECK(text.find(secret) == std::string::npos);
      }
      for (const char* const key :
           {"client_id", "client_secret", "client_secret_file", "client_secret_env"}) {
        const auto text =
            complaint(mapping({{"service_account", mapping({{key, scalar(secret)}})}}));
        CHECK_FALSE(text.empty());
        CHECK(text.find(secret) == std::string::npos);
      }
      CHECK(complaint(mapping({{"digest", scalar(secret)}})).find(secret) == std::string::npos);
      CHECK(complaint(scalar(secret)).find(secret) == std::string::npos);
    }
  }
}

}  // namespace
}  // namespace aka::atlas
