// The command line of atlas-key-sim. Entry points: CommandLine::describe() and options().
#include "simulator/command_line.h"

#include <charconv>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace aka::simulator {
namespace {

base::Result<int> positive(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1) return number;
  return base::fail(base::ErrorKind::invalid_input,
                    fmt::format("'{}' is not a whole number above 0", text));
}

base::Result<RateLimit> parse_rate_limit(std::string_view text) {
  const std::size_t comma = text.find(',');
  const auto burst = positive(text.substr(0, comma));
  const auto per_minute =
      comma == std::string_view::npos ? burst : positive(text.substr(comma + 1));
  if (burst && per_minute) return RateLimit{*burst, *per_minute};
  return base::fail(
      base::ErrorKind::invalid_input,
      fmt::format("--rate-limit must be BURST,PER_MINUTE like 500,250, not {}", text));
}

base::Result<base::Duration> parse_life(std::string_view option, std::string_view text) {
  auto duration = base::parse_duration(text);
  if (!duration) return tl::unexpected(std::move(duration).error().within(option));
  return duration;
}

}  // namespace

void CommandLine::describe(CLI::App& parser) {
  parser.add_option("--listen", listen_, "address and port; port 0 takes a free one")
      ->capture_default_str();
  auto* const fixture = parser.add_option("--fixture", fixture_, "what the service holds (JSON)");
  auto* const keys =
      parser.add_option("--keys", keys_, "generate so many keys instead of reading a fixture");
  keys->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}))->excludes(fixture);
  parser
      .add_option("--organizations", organizations_, "spread the keys over so many organizations")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->needs(keys)
      ->capture_default_str();
  parser.add_option("--write-fixture", write_fixture_,
                    "write what the service holds, with secrets");
  auto* const config =
      parser.add_option("--write-config", write_config_,
                        "write the auditor's configuration, and its secrets beside it");
  parser.add_option("--config-api", config_api_, "the API that configuration is to use")
      ->check(CLI::IsMember({"v1.0", "v2", "public-v1.0"}))
      ->needs(config)
      ->capture_default_str();
  parser.add_option("--config-credential", config_credential_, "and how it is to log in")
      ->check(CLI::IsMember({"digest", "service-account"}))
      ->needs(config)
      ->capture_default_str();
  parser
      .add_option("--config-interval", config_interval_,
                  "and how often it is to poll; else 10s, or what the rate limit can serve")
      ->needs(config);
  auto* const tls = parser.add_option("--tls-cert", tls_certificate_, "serve TLS; a PEM file");
  auto* const tls_key = parser.add_option("--tls-key", tls_key_, "its private key; a PEM file");
  tls->needs(tls_key);
  tls_key->needs(tls);
  parser.add_option("--digest-algorithm", algorithm_, "of the challenge")
      ->check(CLI::IsMember({"MD5", "SHA-256"}))
      ->capture_default_str();
  parser.add_option("--digest-qop", qop_, "of the challenge; none leaves it out")
      ->check(CLI::IsMember({"auth", "none"}))
      ->capture_default_str();
  parser.add_option("--nonce-life", nonce_life_, "how long a nonce is good")->capture_default_str();
  parser.add_option("--token-life", token_life_, "how long a token is good")->capture_default_str();
  parser.add_option("--rate-limit", rate_limit_, "BURST,PER_MINUTE of each organization")
      ->capture_default_str();
  parser.add_option("--log-level", log_level_, "debug shows every request")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

base::Result<ProgramOptions> CommandLine::options() const {
  if (fixture_.empty() && keys_ == 0) {
    return base::fail(base::ErrorKind::invalid_input,
                      "nothing to serve; give --fixture FILE, or --keys N to generate some");
  }
  const auto listen = base::parse_listen_address(listen_);
  if (!listen) return tl::unexpected(listen.error());
  const auto rate_limit = parse_rate_limit(rate_limit_);
  if (!rate_limit) return tl::unexpected(rate_limit.error());
  const auto nonce_life = parse_life("--nonce-life", nonce_life_);
  if (!nonce_life) return tl::unexpected(nonce_life.error());
  const auto token_life = parse_life("--token-life", token_life_);
  if (!token_life) return tl::unexpected(token_life.error());
  std::optional<base::Duration> interval;
  if (!config_interval_.empty()) {
    const auto typed = parse_life("--config-interval", config_interval_);
    if (!typed) return tl::unexpected(typed.error());
    interval = *typed;
  }

  ProgramOptions options;
  options.listen = *listen;
  options.fixture_file = fixture_;
  if (keys_ > 0) options.generator = GeneratorOptions{keys_, organizations_};
  options.tls_certificate = tls_certificate_;
  options.tls_key = tls_key_;
  options.write_fixture = write_fixture_;
  options.write_config = write_config_;
  options.config.api = config_api_;
  options.config.interval = interval;
  options.config.credential =
      config_credential_ == "digest" ? ConfigCredential::digest : ConfigCredential::service_account;
  options.service.digest.algorithm =
      algorithm_ == "MD5" ? HashAlgorithm::md5 : HashAlgorithm::sha256;
  options.service.digest.qop = qop_ == "auth" ? DigestQop::auth : DigestQop::none;
  options.service.digest.nonce_life = *nonce_life;
  options.service.oauth.token_life = *token_life;
  options.service.rate_limit = *rate_limit;
  options.log_level = log_level_;
  return options;
}

}  // namespace aka::simulator
