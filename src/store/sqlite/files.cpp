// What a store is on the disk beside its database: directory, file modes, owner's lock, damaged
// predecessors. Entry points: make_file(), set_aside(), OwnerLock::take().
#include "store/sqlite/files.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/utc_time.h"

namespace aka::store {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::string_view kDamagedMark = ".damaged-";

ErrorKind kind_of(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::permission;
    case ENOENT:
    case ENOTDIR:
      return ErrorKind::not_found;
    default:
      return ErrorKind::io;
  }
}

tl::unexpected<base::Error> failure(std::string_view attempted, int error) {
  return base::fail(kind_of(error), fmt::format("cannot {}: {}", attempted, std::strerror(error)));
}

fs::path directory_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

/// A rename is on the disk once its directory is.
void sync_directory(const std::string& path) {
  const int descriptor = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// "20261124T054718Z": no colon, which tools that copy between machines read as a host's end.
std::string compact(base::WallTime time) {
  std::string text = base::format_utc(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string free_name(const std::string& path, base::WallTime now) {
  std::string name = fmt::format("{}{}{}", path, kDamagedMark, compact(now));
  std::error_code ignored;
  if (!fs::exists(name, ignored)) return name;
  for (int n = 2;; ++n) {
    std::string numbered = fmt::format("{}-{}", name, n);
    if (!fs::exists(numbered, ignored)) return numbered;
  }
}

std::string owner_in(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string owner(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  owner.erase(owner.find_last_not_of('\n') + 1);
  return owner.empty() ? "another process" : "process " + owner;
}

}  // namespace

base::Result<void> make_directory_of(const std::string& path) {
  const fs::path directory = directory_of(path);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return failure(fmt::format("make the store's directory {}", directory.string()), errno);
  return {};
}

base::Result<void> make_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failure(fmt::format("open the store {}", path), errno);
  ::close(descriptor);
  return {};
}

bool has_orphaned_log(const std::string& path) {
  std::error_code ignored;
  const auto log = fs::file_size(path + "-wal", ignored);
  if (ignored || log == 0) return false;
  const auto size = fs::file_size(path, ignored);
  return ignored || size == 0;
}

base::Result<std::string> set_aside(const std::string& path, base::WallTime now) {
  const std::string name = free_name(path, now);
  // The database goes first: should the process end in between, the orphaned log tells the next
  // start. The other way round it would find a database without its newest records, and no trace.
  for (const std::string_view suffix : {"", "-wal", "-shm"}) {
    const std::string from = path + std::string(suffix);
    const std::string to = name + std::string(suffix);
    if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
      return failure(fmt::format("move {} to {}", from, to), errno);
  }
  sync_directory(path);
  return name;
}

std::optional<std::string> newest_set_aside(const std::string& path) {
  const std::string mark = fs::path(path).filename().string() + std::string(kDamagedMark);
  std::optional<std::string> newest;
  std::error_code failed;
  for (fs::directory_iterator entry(directory_of(path), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::string name = entry->path().filename().string();
    for (const std::string_view suffix : {"-wal", "-shm"})
      if (name.ends_with(suffix)) name.erase(name.size() - suffix.size());
    if (name.rfind(mark, 0) == 0 && (!newest || name > *newest)) newest = std::move(name);
  }
  return newest;
}

base::Result<OwnerLock> OwnerLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failure(fmt::format("open the store's lock {}", path), errno);
  OwnerLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure(fmt::format("lock {}", path), errno);
    return base::fail(
        ErrorKind::busy,
        fmt::format("{} has the store (lock {}). A store has one owner: stop that process, or give "
                    "this one another store.path",
                    owner_in(descriptor), path));
  }
  const std::string owner = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size())) {
    // The id is for people only; on a full disk the lock holds without it.
    static_cast<void>(::ftruncate(descriptor, 0));
  }
  return lock;
}

OwnerLock::OwnerLock(OwnerLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

OwnerLock::~OwnerLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace aka::store
