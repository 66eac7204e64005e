// The program itself: its words, its files, its end.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/curl.h"
#include "simulator/files.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using nlohmann::json;

namespace {

const std::string kProgram = AKA_SIMULATOR;

struct Directory {
  std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "aka-simulator-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return std::filesystem::path(name);
  }();
  ~Directory() { std::filesystem::remove_all(path); }
  std::string file(const std::string& name) const { return (path / name).string(); }
};

std::string announced_url(Process& program) {
  const std::string line = program.read_line();
  const std::string words = "listening on ";
  REQUIRE_MESSAGE(line.starts_with(words), line);
  return line.substr(words.size());
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto start = text.find(before);
  REQUIRE(start != std::string::npos);
  const auto end = text.find(after, start + before.size());
  return text.substr(start + before.size(), end - start - before.size());
}

}  // namespace

TEST_SUITE("atlas-key-sim") {
  TEST_CASE("words that cannot be meant are refused") {
    const std::vector<std::vector<std::string>> rows{
        {},
        {"--keys", "0"},
        {"--keys", "1", "--fixture", "x"},
        {"--fixture", "/dev/null/x"},
        {"--fixture", "/dev"},
        {"--organizations", "2"},
        {"--keys", "1", "--listen", "nowhere"},
        {"--keys", "1", "--rate-limit", "5,0"},
        {"--keys", "1", "--nonce-life", "60"},
        {"--keys", "1", "--digest-algorithm", "SHA-512"},
        {"--keys", "1", "--tls-cert", "x"},
        {"--keys", "1", "--tls-cert", "/dev/null/x", "--tls-key", "/dev/null/x"},
        {"--keys", "1", "--config-api", "v2"},
        {"--keys", "1", "--listen", "127.0.0.1:0", "--write-config", "/dev/null/x.yaml"},
    };
    for (auto words : rows) {
      CAPTURE(words.size());
      words.insert(words.begin(), kProgram);
      CHECK(run(words).status > 0);
    }
  }

  TEST_CASE("it generates, writes what describes it, serves, and stops at once") {
    const Directory directory;
    Process program({kProgram, "--keys", "3", "--organizations", "2", "--listen", "127.0.0.1:0",
                     "--write-config", directory.file("auditor.yaml"), "--write-fixture",
                     directory.file("fixture.json"), "--rate-limit", "7,5"});
    const std::string url = announced_url(program);

    const std::string config = read_file(directory.file("auditor.yaml")).value();
    CHECK(config.find("base_url: " + url + "\n") != std::string::npos);
    CHECK(config.find("rate_limit: {burst: 7, per_minute: 5}\n") != std::string::npos);
    struct stat status {};
    REQUIRE(stat(directory.file("auditor.secrets/org-1").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);

    const std::string login =
        between(config, "public_key: \"", "\"") + ":" +
        between(read_file(directory.file("auditor.secrets/org-1")).value(), "", "\n");
    const std::string organization = between(config, "- id: \"", "\"");
    const auto listed =
        curl({"--digest", "-u", login, url + "/api/atlas/v1.0/orgs/" + organization + "/apiKeys"});
    CHECK(json::parse(listed.out)["totalCount"] == 3);

    const auto before = std::chrono::steady_clock::now();
    CHECK(program.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));

    Process again({kProgram, "--fixture", directory.file("fixture.json"), "--listen", "127.0.0.1:0",
                   "--digest-algorithm", "SHA-256", "--digest-qop", "none"});
    const auto reread =
        curl({"--digest", "-u", login,
              announced_url(again) + "/api/atlas/v1.0/orgs/" + organization + "/apiKeys"});
    CHECK(json::parse(reread.out)["totalCount"] == 3);
  }

  TEST_CASE("a client that waits for a fault does not hold up the end") {
    Process program({kProgram, "--keys", "1", "--listen", "127.0.0.1:0"});
    const std::string url = announced_url(program);
    REQUIRE(curl({"-f", "-d", R"({"effect":"delay","delay":"1h","stage":"arrival"})",
                  url + "/sim/faults"})
                .status == 0);
    Process waiting({"curl", "-s", url + "/api/atlas/v1.0"});
    while (json::parse(curl({url + "/sim/faults"}).out)["data"][0]["hits"] == 0) {
    }
    const auto before = std::chrono::steady_clock::now();
    CHECK(program.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(1));
  }

  TEST_CASE("it serves TLS, and cuts idle connections there too") {
    const Directory directory;
    REQUIRE(run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", directory.file("key.pem"),
                 "-out", directory.file("cert.pem")})
                .status == 0);
    Process program({kProgram, "--keys", "1", "--listen", "127.0.0.1:0", "--tls-cert",
                     directory.file("cert.pem"), "--tls-key", directory.file("key.pem"),
                     "--write-config", directory.file("auditor.yaml")});
    const std::string url = announced_url(program);
    CHECK(url.starts_with("https://127.0.0.1:"));
    const std::string config = read_file(directory.file("auditor.yaml")).value();
    CHECK(config.find("  ca_file: \"" + directory.file("cert.pem") + "\"\n") != std::string::npos);
    const std::string anchor = directory.file("cert.pem");
    REQUIRE(curl({"--cacert", anchor, "-f", "-d", R"({"effect":"idleClose","after":"50ms"})",
                  url + "/sim/faults"})
                .status == 0);
    // The client asks once and then listens until the server ends the connection.
    const auto ended =
        run({"timeout", "10", "sh", "-c",
             "printf 'GET /sim/stats HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' | openssl s_client -quiet "
             "-verify_quiet -CAfile " +
                 anchor + " -connect " + url.substr(8)});
    CHECK(ended.out.find("\"status\":\"success\"") != std::string::npos);
  }
}
