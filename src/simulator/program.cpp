// The simulator's life: load, listen, write what was asked for, say so, wait for a signal, stop.
// Entry point: run_program().
#include "simulator/program.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include "simulator/files.h"
#include "simulator/fixture.h"
#include "web/listener.h"

namespace aka::simulator {
namespace {

constexpr base::Duration kIdleTimeout = std::chrono::minutes(10);

base::Result<std::shared_ptr<SSL_CTX>> load_tls(const ProgramOptions& options) {
  if (options.tls_certificate.empty()) return nullptr;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const bool loaded =
      SSL_CTX_use_certificate_chain_file(context.get(), options.tls_certificate.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), options.tls_key.c_str(), SSL_FILETYPE_PEM) == 1;
  if (loaded) return context;
  return base::fail(
      base::ErrorKind::invalid_input,
      fmt::format("cannot use the certificate {} with the key {}: {}", options.tls_certificate,
                  options.tls_key, ERR_error_string(ERR_peek_last_error(), nullptr)));
}

base::Result<Fixture> load(const ProgramOptions& options) {
  if (!options.generator) return load_fixture(options.fixture_file);
  return Fixture{generate(*options.generator), {}};
}

/// Never times out of itself: what is slow here is meant to be.
web::ListenerOptions listener_options(const ProgramOptions& options, Service& service,
                                      const std::shared_ptr<SSL_CTX>& tls) {
  web::ListenerOptions listening;
  listening.address = options.listen;
  listening.answer_deadline = std::chrono::hours(24);
  listening.idle_timeout = kIdleTimeout;
  listening.max_connections = 4096;
  listening.max_requests = 1'000'000'000;
  if (tls) listening.tls = [tls] { return tls; };
  listening.mute = [&service] { return service.holds_next_connection(); };
  listening.on_failure = [](std::string_view failure) { spdlog::error("{}", failure); };
  return listening;
}

web::Response answer_and_log(Service& service, const web::Request& request) {
  web::Response answer = service.answer(request);
  spdlog::debug("{} {} {} {}", request.remote, request.method, request.target, answer.status);
  return answer;
}

base::Result<void> write_config(const ProgramOptions& options, const std::string& base_url,
                                const std::vector<Organization>& organizations) {
  const std::filesystem::path file(options.write_config);
  AuditorConfigOptions wanted = options.config;
  wanted.base_url = base_url;
  wanted.secrets_directory = file.stem().string() + ".secrets";
  wanted.store_file = file.stem().string() + ".db";
  if (!options.tls_certificate.empty()) {
    wanted.ca_file = std::filesystem::absolute(options.tls_certificate).string();
  }
  const auto config = describe_for_auditor(organizations, wanted);
  if (!config) return tl::unexpected(config.error());
  const auto directory = file.parent_path() / wanted.secrets_directory;
  std::error_code failure;
  std::filesystem::create_directory(directory, failure);
  if (failure) {
    return base::fail(base::ErrorKind::io, fmt::format("cannot make the directory {}: {}",
                                                       directory.string(), failure.message()));
  }
  for (const auto& secret : config->secrets) {
    auto written = write_file((directory / secret.name).string(),
                              std::string(secret.secret.reveal()) + "\n", 0600);
    if (!written) return written;
  }
  return write_file(options.write_config, config->yaml, 0644);
}

/// A client cannot connect to "every address".
std::string reachable_url(const ProgramOptions& options, int port) {
  base::ListenAddress address = options.listen;
  address.port = port;
  if (address.host.empty() || address.host == "0.0.0.0" || address.host == "::") {
    address.host = "127.0.0.1";
  }
  return options.service.scheme + "://" + to_string(address);
}

base::Result<void> write_files(const ProgramOptions& options, const std::string& base_url,
                               const std::vector<Organization>& organizations) {
  if (!options.write_fixture.empty()) {
    auto written = write_file(options.write_fixture, write_fixture(organizations), 0600);
    if (!written) return written;
  }
  if (options.write_config.empty()) return {};
  return write_config(options, base_url, organizations);
}

void wait_for_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int received = 0;
  sigwait(&signals, &received);
}

}  // namespace

base::Result<void> run_program(ProgramOptions options) {
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  auto tls = load_tls(options);
  if (!tls) return tl::unexpected(tls.error());
  options.service.scheme = *tls ? "https" : "http";
  options.config.rate_limit = options.service.rate_limit;
  auto fixture = load(options);
  if (!fixture) return tl::unexpected(fixture.error());
  const bool writes = !options.write_fixture.empty() || !options.write_config.empty();
  const std::vector<Organization> organizations =
      writes ? fixture->organizations : std::vector<Organization>();

  Service service(std::move(*fixture), options.service, base::system_clock());
  auto listener = web::Listener::start(
      listener_options(options, service, *tls),
      [&service](const web::Request& request) { return answer_and_log(service, request); });
  if (!listener) return tl::unexpected(listener.error());
  service.watch_idle_close([&](std::optional<base::Duration> after) {
    (*listener)->set_idle_timeout(after.value_or(kIdleTimeout));
  });
  const std::string url = reachable_url(options, (*listener)->port());
  auto written = write_files(options, url, organizations);
  if (written) {
    std::printf("listening on %s\n", url.c_str());
    std::fflush(stdout);
    wait_for_signal();
  }
  service.stop();
  (*listener)->stop();
  return written;
}

}  // namespace aka::simulator
