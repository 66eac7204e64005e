// Secrets by reference: how they are named in settings, and how they are read.
#include "base/secret_source.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "support/scratch_directory.h"
#include "support/sections.h"

namespace aka::base {
namespace {

using testing::list;
using testing::mapping;
using testing::ScratchDirectory;
using testing::text;

struct Parsed {
  std::optional<SecretSource> source;
  std::string report;
};

Parsed parse(const Section& section, Need need = Need::required) {
  Diagnostics diagnostics;
  Fields fields(section, "digest", diagnostics);
  Parsed parsed{secret_field(fields, "private_key", need), {}};
  fields.finish();
  parsed.report = testing::report(diagnostics);
  return parsed;
}

SecretSource file(const std::filesystem::path& path) {
  return {SecretSource::Kind::file, path.string(), {}};
}

TEST_SUITE("secret field") {
  TEST_CASE("a file or an environment variable is named") {
    CHECK(parse(mapping({{"private_key_file", text("/x")}})).source ==
          SecretSource{SecretSource::Kind::file, "/x", {}});
    CHECK(parse(mapping({{"private_key_env", text("ATLAS_KEY")}})).source ==
          SecretSource{SecretSource::Kind::environment, "ATLAS_KEY", {}});
    const auto none = parse(mapping({}), Need::optional);
    CHECK_FALSE(none.source);
    CHECK(none.report.empty());
  }

  TEST_CASE("a relative path counts from the settings file") {
    Section section = mapping({{"private_key_file", text("secrets/a")}});
    section.entries[0].value.mark.file = std::make_shared<const std::string>("/etc/x/a.yaml");
    CHECK(parse(section).source->place == "/etc/x/secrets/a");
  }

  TEST_CASE("every mistake is told without repeating a value") {
    const Section hidden = text("0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d");
    struct Row {
      Section section;
      const char* report;
    };
    const std::vector<Row> rows{
        {mapping({}),
         "digest needs 'private_key_file': the path of a file that holds the secret (or "
         "'private_key_env', the name of an environment variable)\n"},
        {mapping({{"private_key", hidden}}),
         "'private_key' of digest must not be written here; put it into a file and give its path "
         "as "
         "'private_key_file', or name an environment variable as 'private_key_env'\n"},
        {mapping({{"private_key_file", hidden}}),
         "'private_key_file' of digest seems to hold the secret itself; write the secret into a "
         "file and give the file's path here\n"},
        {mapping({{"private_key_file", text("https://hooks.example/services/hidden")}}),
         "'private_key_file' of digest seems to hold the secret itself; write the secret into a "
         "file and give the file's path here\n"},
        {mapping({{"private_key_file", text("")}}),
         "'private_key_file' of digest is an empty path\n"},
        {mapping({{"private_key_file", list({hidden})}}),
         "'private_key_file' of digest must be a single value, not a list\n"},
        {mapping({{"private_key_env", hidden}}),
         "'private_key_env' of digest must be the name of an environment variable, without '$'\n"},
        {mapping({{"private_key_env", text("$KEY")}}),
         "'private_key_env' of digest must be the name of an environment variable, without '$'\n"},
        {mapping({{"private_key_env", text("mdb_sa_sk_hidden")}}),
         "'private_key_env' of digest must be the name of an environment variable, without '$'\n"},
        {mapping({{"private_key_file", text("/x")}, {"private_key_env", text("X")}}),
         "digest has both 'private_key_file' and 'private_key_env'; keep one of them\n"},
        {mapping({{"private_key_fil", text("/x")}}),
         "digest needs 'private_key_file': the path of a file that holds the secret (or "
         "'private_key_env', the name of an environment variable)\n"
         "digest has no setting 'private_key_fil'; did you mean 'private_key_file'?\n"},
    };
    for (const Row& row : rows) CHECK(parse(row.section).report == row.report);
  }
}

TEST_SUITE("secret source") {
  TEST_CASE("a file loses one trailing newline and nothing else") {
    const ScratchDirectory directory;
    struct Row {
      std::string content;
      std::string secret;
    };
    for (const Row& row : std::vector<Row>{{"hidden", "hidden"},
                                           {"hidden\n", "hidden"},
                                           {"hidden\r\n", "hidden"},
                                           {"hidden\n\n", "hidden\n"},
                                           {" a b ", " a b "},
                                           {std::string(65536, 'x'), std::string(65536, 'x')}}) {
      const auto secret = file(directory.write("s", row.content)).read();
      REQUIRE(secret);
      CHECK(secret->reveal() == row.secret);
    }
  }

  TEST_CASE("it is read afresh each time") {
    const ScratchDirectory directory;
    const SecretSource source = file(directory.write("s", "one"));
    CHECK(source.read()->reveal() == "one");
    directory.write("s", "two");
    CHECK(source.read()->reveal() == "two");
  }

  TEST_CASE("what cannot be read says the path and the fix") {
    const ScratchDirectory directory;
    const std::string root = directory.path().string();
    const auto missing = file(root + "/none").read();
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
    CHECK(missing.error().message ==
          "cannot read the secret file " + root +
              "/none: No such file or directory; create it with the secret as its only content, or "
              "mend the path");
    for (const char* empty : {"", "\n"}) {
      const auto nothing = file(directory.write("empty", empty)).read();
      REQUIRE_FALSE(nothing);
      CHECK(nothing.error().message ==
            "the secret file " + root + "/empty is empty; write the secret into it");
    }
    const auto folder = file(root).read();
    REQUIRE_FALSE(folder);
    CHECK(folder.error().message == "the secret file " + root + " is no regular file");
    const auto large = file(directory.write("large", std::string(65537, 'x'))).read();
    REQUIRE_FALSE(large);
    CHECK(large.error().message.find("longer than 65536 bytes") != std::string::npos);
  }

  TEST_CASE("a credential of a systemd service is found in its directory") {
    const ScratchDirectory directory;
    directory.write("credentials/prod.key", "hidden\n");
    const Section section =
        mapping({{"private_key_file", text("${CREDENTIALS_DIRECTORY}/prod.key")}});
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const auto outside = parse(section).source->read();
    REQUIRE_FALSE(outside);
    CHECK(outside.error().message.find("${CREDENTIALS_DIRECTORY}/prod.key") != std::string::npos);
    CHECK(outside.error().message.ends_with(
        "; CREDENTIALS_DIRECTORY is set in a systemd service that has LoadCredential=, so set it "
        "to the directory of the secrets here"));
    ::setenv("CREDENTIALS_DIRECTORY", (directory.path() / "credentials").c_str(), 1);
    CHECK(parse(section).source->read()->reveal() == "hidden");
    ::unsetenv("CREDENTIALS_DIRECTORY");
  }

  TEST_CASE("an environment variable must be set and not empty") {
    const SecretSource source{SecretSource::Kind::environment, "AKA_TEST_SECRET_SOURCE", {}};
    ::unsetenv(source.place.c_str());
    CHECK(source.read().error().message ==
          "the environment variable AKA_TEST_SECRET_SOURCE is not set; set it to the secret, or "
          "name a file instead");
    ::setenv(source.place.c_str(), "", 1);
    CHECK(source.read().error().message ==
          "the environment variable AKA_TEST_SECRET_SOURCE is empty; set it to the secret");
    ::setenv(source.place.c_str(), "hidden\n", 1);
    CHECK(source.read()->reveal() == "hidden\n");
    CHECK_FALSE(source.exposure());
    ::unsetenv(source.place.c_str());
  }

  TEST_CASE("a file that others can read is told") {
    namespace fs = std::filesystem;
    const ScratchDirectory directory;
    const auto path = directory.write("s", "hidden");
    const auto sentence = [&](fs::perms mode) {
      fs::permissions(path, mode);
      return file(path).exposure();
    };
    const auto owner = fs::perms::owner_read | fs::perms::owner_write;
    CHECK_FALSE(sentence(owner));
    CHECK(*sentence(owner | fs::perms::group_read) ==
          "the secret file " + path.string() +
              " can be read by its group (mode 0640); run: chmod 600 " + path.string());
    CHECK(*sentence(owner | fs::perms::others_read) ==
          "the secret file " + path.string() +
              " can be read by every user (mode 0604); run: chmod 600 " + path.string());
    CHECK_FALSE(file(directory.path() / "none").exposure());
    if (::geteuid() != 0) return;
    REQUIRE(::chown(path.c_str(), 1, 1) == 0);
    CHECK_FALSE(sentence(owner | fs::perms::group_read));
    CHECK(sentence(owner | fs::perms::others_read));
  }

  TEST_CASE("a replaced secret counts once two looks in a row found it") {
    const ScratchDirectory directory;
    const auto path = directory.write("s", "old");
    SecretFollower follower(file(path));
    Secret current("old");
    const auto look = [&](const char* content) -> std::string {
      directory.write("s", content);
      const auto found = follower.look(current);
      if (!found) return "error";
      if (!*found) return "";
      current = **found;
      return std::string(current.reveal());
    };
    CHECK(look("old") == "");
    CHECK(look("ne") == "");
    CHECK(look("new") == "");
    CHECK(look("new") == "new");
    CHECK(look("new") == "");
    CHECK(look("next") == "");
    CHECK(look("new") == "");
    CHECK(look("next") == "");
    CHECK(look("") == "error");
    CHECK(look("next") == "next");
  }

  TEST_CASE("reading for a report gives errors and warnings at the source's place") {
    const ScratchDirectory directory;
    const auto path = directory.write("s", "hidden");
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    SecretSource source = file(path);
    source.mark = {std::make_shared<const std::string>("a.yaml"), 3, 7};
    Diagnostics diagnostics;
    CHECK(read_secret(source, diagnostics)->reveal() == "hidden");
    CHECK_FALSE(diagnostics.has_errors());
    CHECK(testing::report(diagnostics).starts_with("a.yaml:3:7: warning: the secret file "));
    source.place += "none";
    CHECK_FALSE(read_secret(source, diagnostics));
    CHECK(diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace aka::base
