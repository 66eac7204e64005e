// Whole files in and out. Entry points: read_file(), write_file().
#include "simulator/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace aka::simulator {
namespace {

tl::unexpected<base::Error> failed(std::string_view deed, const std::string& path) {
  const int cause = errno;
  return base::fail(cause == ENOENT ? base::ErrorKind::not_found : base::ErrorKind::io,
                    fmt::format("cannot {} {}: {}", deed, path, std::strerror(cause)));
}

}  // namespace

base::Result<std::string> read_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("read", path);
  std::string text;
  std::array<char, 65'536> block{};
  ssize_t got = 0;
  while ((got = read(file, block.data(), block.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
  }
  const auto failure = failed("read", path);
  close(file);
  if (got < 0) return failure;
  return text;
}

base::Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return failed("write", path);
  bool good = fchmod(file, mode) == 0;
  while (good && !text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    good = written >= 0 || errno == EINTR;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!good) {
    auto failure = failed("write", path);
    close(file);
    return failure;
  }
  close(file);
  return {};
}

}  // namespace aka::simulator
