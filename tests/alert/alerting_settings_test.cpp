// The alerting block: what each receiver reads, and every complaint.
#include "alert/alerting_settings.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/sections.h"

namespace aka::alert {
namespace {

using base::Section;
using testing::list;
using testing::mapping;
using testing::text;

struct Reading {
  AlertingSettings settings;
  std::string report;
};

Reading read(const Section& section) {
  base::Diagnostics diagnostics;
  Reading reading;
  reading.settings = read_alerting(section, diagnostics);
  reading.report = testing::report(diagnostics);
  return reading;
}

TEST_SUITE("alerting settings") {
  TEST_CASE("an empty block means nothing and says nothing") {
    const auto [settings, report] = read(
        mapping({{"labels", mapping({})}, {"external_url", text("")}, {"heartbeat", text("0s")}}));
    CHECK(report.empty());
    CHECK(settings.sinks.empty());
    CHECK(settings.heartbeat.count() == 0);
    CHECK_FALSE(settings.external_url);
  }

  TEST_CASE("what is common to all alerts is read") {
    const auto [settings, report] =
        read(mapping({{"labels", mapping({{"team", text("a")}, {"site", text("b")}})},
                      {"external_url", text("https://auditor.example/")},
                      {"heartbeat", text("5m")}}));
    CHECK(settings.labels == std::map<std::string, std::string>{{"team", "a"}, {"site", "b"}});
    CHECK(settings.external_url->origin.host == "auditor.example");
    CHECK(settings.heartbeat == std::chrono::minutes(5));
    CHECK(report.empty());
  }

  TEST_CASE("alertmanager has addresses, an interval and a connection") {
    const auto [settings, report] = read(mapping(
        {{"alertmanager",
          mapping({{"urls", list({text("http://127.0.0.1:9093/"), text("https://am.example/x")})},
                   {"resend", text("30s")},
                   {"ca_file", text("/ca.pem")},
                   {"cert_file", text("/cert.pem")},
                   {"key_file", text("/key.pem")},
                   {"basic_auth", mapping({{"username", text("auditor")},
                                           {"password_file", text("/password")}})}})}}));
    CHECK(report.empty());
    REQUIRE(settings.sinks.size() == 1);
    const auto& sink = std::get<AlertmanagerSettings>(settings.sinks[0]);
    REQUIRE(sink.urls.size() == 2);
    CHECK(sink.urls[0].target.empty());
    CHECK(sink.urls[1].target == "/x");
    CHECK(sink.resend == std::chrono::seconds(30));
    CHECK(sink.connection.ca_file == "/ca.pem");
    CHECK(sink.connection.cert_file == "/cert.pem");
    CHECK(sink.connection.key_file == "/key.pem");
    CHECK(sink.connection.basic_auth->username == "auditor");
    CHECK(sink.connection.basic_auth->password.place == "/password");
  }

  TEST_CASE("webhooks and slack are lists with names and secrets") {
    const auto [settings, report] = read(
        mapping({{"webhooks", list({mapping({{"name", text("soc")},
                                             {"url", text("https://soc.example/hook?x=1")},
                                             {"secret_file", text("/hook")},
                                             {"bearer_token_env", text("TOKEN")}})})},
                 {"slack", list({mapping({{"name", text("sec")}, {"url_file", text("/slack")}}),
                                 mapping({{"name", text("ops")}, {"url_env", text("SLACK")}})})}}));
    CHECK(report.empty());
    REQUIRE(settings.sinks.size() == 3);
    const auto& webhook = std::get<WebhookSettings>(settings.sinks[0]);
    CHECK(webhook.name == "soc");
    CHECK(webhook.url.target == "/hook?x=1");
    CHECK(webhook.secret.place == "/hook");
    CHECK(webhook.connection.bearer_token->kind == base::SecretSource::Kind::environment);
    CHECK(std::get<SlackSettings>(settings.sinks[1]).url.place == "/slack");
    CHECK(std::get<SlackSettings>(settings.sinks[2]).url.place == "SLACK");
  }

  TEST_CASE("each mistake is told, and no secret is repeated") {
    const auto webhook = [](std::initializer_list<std::pair<std::string, Section>> more) {
      Section section = mapping(
          {{"name", text("w")}, {"url", text("https://h.example/")}, {"secret_file", text("/s")}});
      for (const auto& [key, value] : more) {
        std::erase_if(section.entries,
                      [&, name = key](const Section::Entry& entry) { return entry.key == name; });
        section.entries.push_back({key, {}, value});
      }
      return mapping({{"webhooks", list({section})}});
    };
    const auto alertmanager = [](const Section& urls) {
      return mapping({{"alertmanager", mapping({{"urls", urls}})}});
    };
    struct Row {
      Section section;
      const char* message;
    };
    const std::vector<Row> rows{
        {text("yes"), "'alerting' must be a mapping of settings, not a single value"},
        {mapping({{"pager", mapping({})}}), "'alerting' has no setting 'pager'; it knows "},
        {mapping({{"web_hooks", list({})}}), "did you mean 'webhooks'?"},
        {mapping({{"labels", mapping({{"1st", text("x")}})}}), "'1st' is no name for a label"},
        {mapping({{"labels", mapping({{"__name__", text("x")}})}}), "'__name__' is no name for"},
        {mapping({{"labels", mapping({{"severity", text("x")}})}}),
         "alerts have a label 'severity'"},
        {mapping({{"labels", mapping({{"team", list({})}})}}), "the label 'team' must be a text"},
        {mapping({{"heartbeat", text("2d")}}), "'heartbeat' of 'alerting' must be from 0s to 1d"},
        {mapping({{"external_url", text("auditor.example")}}), "a URL must start with https://"},
        {alertmanager(list({})), "'alertmanager' needs 'urls'"},
        {mapping({{"alertmanager", mapping({})}}), "'alertmanager' needs 'urls'"},
        {alertmanager(text("http://a:1")), "'urls' of 'alertmanager' must be a list"},
        {alertmanager(list({text("http://a:1"), text("http://a:1/")})), "stands twice in 'urls'"},
        {alertmanager(list({mapping({})})), "must be a URL, not a mapping"},
        {alertmanager(list({text("https://user:hidden@a")})),
         "may not hold a user name or password"},
        {alertmanager(list({text("https://a/?token=hidden")})),
         "may not hold a secret in its query"},
        {mapping({{"webhooks", mapping({})}}), "the webhook receivers must be a list"},
        {webhook({{"name", text("a b")}}), "'name' of this webhook must be 1 to 63 of"},
        {webhook({{"url", text("ftp://h")}}), "'url' of webhook 'w': a URL must start with"},
        {webhook({{"secret", text("hidden")}}), "'secret' of webhook 'w' must not be written here"},
        {webhook({{"secret_file", list({})}}),
         "'secret_file' of webhook 'w' must be a single value"},
        {webhook({{"secret_env", text("S")}}), "has both 'secret_file' and 'secret_env'"},
        {webhook({{"cert_file", text("/c")}}), "needs 'cert_file' and 'key_file' together"},
        {webhook({{"key_file", text("/k")}}), "needs 'cert_file' and 'key_file' together"},
        {webhook({{"bearer_token", text("hidden")}}), "'bearer_token' of webhook 'w' must not be"},
        {webhook(
             {{"basic_auth", mapping({{"username", text("u")}, {"password", text("hidden")}})}}),
         "'password' of 'basic_auth' of webhook 'w' must not be written here"},
        {webhook({{"basic_auth", mapping({{"password_file", text("/p")}})}}), "needs 'username'"},
        {webhook(
             {{"basic_auth", mapping({{"username", text("a:b")}, {"password_file", text("/p")}})}}),
         "may not hold ':'"},
        {webhook({{"basic_auth", mapping({{"username", text("u")}, {"password_file", text("/p")}})},
                  {"bearer_token_file", text("/t")}}),
         "has 'basic_auth' and a bearer token"},
        {mapping({{"slack", list({mapping({{"name", text("s")}})})}}),
         "slack 's' needs 'url_file'"},
        {mapping({{"slack", list({mapping({{"url_file", text("/s")}})})}}),
         "this slack needs 'name'"},
        {mapping(
             {{"slack", list({mapping({{"name", text("s")}, {"url", text("https://hidden")}})})}}),
         "'url' of slack 's' must not be written here"},
        {mapping({{"slack", list({mapping({{"name", text("s")}, {"url_file", text("/a")}}),
                                  mapping({{"name", text("s")}, {"url_file", text("/b")}})})}}),
         "the name 's' is used twice"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.message);
      const std::string report = read(row.section).report;
      CAPTURE(report);
      CHECK(report.find(row.message) != std::string::npos);
      CHECK(report.find("hidden") == std::string::npos);
    }
  }

  TEST_CASE("the shipped full.yaml shows every setting of the block") {
    const Section bogus =
        mapping({{"qqqqqqqqqqqqqqqqqqqqqqqq", text("1")},
                 {"basic_auth", mapping({{"qqqqqqqqqqqqqqqqqqqqqqqq", text("1")}})}});
    std::string report = read(mapping({{"alertmanager", bogus},
                                       {"webhooks", list({bogus})},
                                       {"slack", list({bogus})},
                                       {"qqqqqqqqqqqqqqqqqqqqqqqq", text("1")}}))
                             .report;
    std::ifstream file(std::string(AKA_SOURCE_DIR) + "/config/full.yaml");
    const std::string full{std::istreambuf_iterator<char>(file), {}};
    const std::regex known("it knows ([^\n]*)");
    int mappings = 0;
    for (std::sregex_iterator match(report.begin(), report.end(), known), end; match != end;
         ++match, ++mappings) {
      std::istringstream names((*match)[1].str());
      for (std::string name; std::getline(names >> std::ws, name, ',');) {
        // A secret's place may be either; written in place it is an error.
        const std::string root = std::regex_replace(name, std::regex("_(file|env)$"), "");
        CAPTURE(name);
        CHECK(std::regex_search(full, std::regex("(^|[\\s{,])" + root + "(_file|_env)?:")));
      }
    }
    CHECK(mappings == 7);
  }
}

}  // namespace
}  // namespace aka::alert
