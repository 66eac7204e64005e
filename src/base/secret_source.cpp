// Secrets by reference. Entry points: secret_field() when settings are parsed, then
// SecretSource::read() or read_secret() whenever the secret is needed afresh.
#include "base/secret_source.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::base {
namespace {

constexpr std::size_t kLargest = 65536;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

tl::unexpected<Error> cannot_open(const std::string& path, int code) {
  const std::string sentence = fmt::format("cannot read the secret file {}: {}", shown(path),
                                           std::strerror(code));  // NOLINT(concurrency-mt-unsafe)
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      if (path.find("${CREDENTIALS_DIRECTORY}") != std::string::npos && !credentials_directory()) {
        return fail(ErrorKind::not_found,
                    sentence +
                        "; CREDENTIALS_DIRECTORY is set in a systemd service that has "
                        "LoadCredential=, so set it to the directory of the secrets here");
      }
      return fail(ErrorKind::not_found,
                  sentence + "; create it with the secret as its only content, or mend the path");
    case EACCES:
    case EPERM:
      return fail(ErrorKind::permission,
                  sentence + "; make the user that runs this program its owner");
    default:
      return fail(ErrorKind::io, sentence);
  }
}

Result<Secret> read_file(const std::string& path) {
  const Descriptor file(path);
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) return cannot_open(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::invalid_input,
                fmt::format("the secret file {} is no regular file", shown(path)));
  }
  std::string text(kLargest + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t count = ::read(file.number(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_open(path, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  Secret guard;  // the exact text alone leaves; the wide buffer is wiped with its last owner
  if (size <= kLargest) {
    const std::string_view content(text.data(), size);
    const std::size_t newline = content.ends_with("\r\n") ? 2 : content.ends_with('\n') ? 1 : 0;
    guard = Secret(std::string(content.substr(0, size - newline)));
  }
  ::explicit_bzero(text.data(), text.size());
  if (size > kLargest) {
    return fail(ErrorKind::invalid_input,
                fmt::format("the secret file {} is longer than {} bytes; it must hold the secret "
                            "and nothing else",
                            shown(path), kLargest));
  }
  if (guard.empty()) {
    return fail(ErrorKind::invalid_input,
                fmt::format("the secret file {} is empty; write the secret into it", shown(path)));
  }
  return guard;
}

Result<Secret> read_environment(const std::string& name) {
  // Nothing in this program changes its environment.
  const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) {
    return fail(ErrorKind::not_found,
                fmt::format("the environment variable {} is not set; set it to the secret, or name "
                            "a file instead",
                            name));
  }
  if (*value == '\0') {
    return fail(ErrorKind::invalid_input,
                fmt::format("the environment variable {} is empty; set it to the secret", name));
  }
  return Secret(value);
}

bool is_variable_name(std::string_view text) {
  const auto is_letter = [](char symbol) {
    return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') || symbol == '_';
  };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [&](char symbol) {
    return is_letter(symbol) || (symbol >= '0' && symbol <= '9');
  });
}

std::optional<SecretSource> file_source(Fields& fields, const std::string& key) {
  const auto text = fields.text(key);
  if (!text) return std::nullopt;
  const Mark& mark = fields.mark_of(key);
  if (looks_secret(*text) || text->find("://") != std::string::npos ||
      text->find('\n') != std::string::npos) {
    fields.diagnostics().error(
        mark, fmt::format("'{}' of {} seems to hold the secret itself; write the secret into a "
                          "file and give the file's path here",
                          key, fields.what()));
    return std::nullopt;
  }
  if (text->empty()) {
    fields.diagnostics().error(mark,
                               fmt::format("'{}' of {} is an empty path", key, fields.what()));
    return std::nullopt;
  }
  return SecretSource{SecretSource::Kind::file, path_beside(mark, *text), mark};
}

std::optional<SecretSource> environment_source(Fields& fields, const std::string& key) {
  const auto text = fields.text(key);
  if (!text) return std::nullopt;
  const Mark& mark = fields.mark_of(key);
  if (looks_secret(*text) || !is_variable_name(*text)) {
    fields.diagnostics().error(
        mark, fmt::format("'{}' of {} must be the name of an environment variable, without '$'",
                          key, fields.what()));
    return std::nullopt;
  }
  return SecretSource{SecretSource::Kind::environment, *text, mark};
}

}  // namespace

Result<Secret> SecretSource::read() const {
  return kind == Kind::file ? read_file(place) : read_environment(place);
}

std::optional<std::string> SecretSource::exposure() const {
  struct stat status {};
  if (kind != Kind::file || ::stat(place.c_str(), &status) != 0) return std::nullopt;
  const unsigned mode = status.st_mode & 07777U;
  // The file of another owner can be read only because its group may, or an access list says so.
  const unsigned too_many = status.st_uid == ::geteuid() ? S_IRGRP | S_IROTH : S_IROTH;
  if ((mode & too_many) == 0) return std::nullopt;
  return fmt::format("the secret file {} can be read by {} (mode {:04o}); run: chmod 600 {}",
                     shown(place), (mode & S_IROTH) != 0 ? "every user" : "its group", mode,
                     shown(place));
}

Result<std::optional<Secret>> SecretFollower::look(const Secret& current) {
  auto secret = source_.read();
  if (!secret) return tl::unexpected(std::move(secret.error()));
  const bool settled = *secret == seen_;
  seen_ = *secret == current ? Secret() : *secret;
  return settled && !seen_.empty() ? std::optional(std::move(seen_)) : std::nullopt;
}

std::optional<SecretSource> secret_field(Fields& fields, std::string_view name, Need need) {
  const std::string inline_key(name);
  const std::string file_key = inline_key + "_file";
  const std::string environment_key = inline_key + "_env";
  if (fields.has_key(inline_key)) {
    fields.any(inline_key);  // asked for only here, so that no message offers it
    fields.error(
        inline_key,
        fmt::format("'{}' of {} must not be written here; put it into a file and give its path as "
                    "'{}', or name an environment variable as '{}'",
                    inline_key, fields.what(), file_key, environment_key));
    need = Need::optional;
  }
  const bool both = fields.has_key(file_key) && fields.has_key(environment_key);
  auto from_file = file_source(fields, file_key);
  auto from_environment = environment_source(fields, environment_key);
  if (both) {
    fields.diagnostics().error(fields.mark_of(environment_key),
                               fmt::format("{} has both '{}' and '{}'; keep one of them",
                                           fields.what(), file_key, environment_key));
    return std::nullopt;
  }
  if (need == Need::required && !fields.has_key(file_key) && !fields.has_key(environment_key)) {
    fields.missing(file_key, fmt::format("the path of a file that holds the secret (or '{}', the "
                                         "name of an environment variable)",
                                         environment_key));
  }
  return from_file ? std::move(from_file) : std::move(from_environment);
}

std::optional<Secret> read_secret(const SecretSource& source, Diagnostics& diagnostics) {
  auto secret = source.read();
  if (!secret) {
    diagnostics.error(source.mark, secret.error().message);
    return std::nullopt;
  }
  if (const auto sentence = source.exposure()) diagnostics.warning(source.mark, *sentence);
  return std::move(*secret);
}

}  // namespace aka::base
