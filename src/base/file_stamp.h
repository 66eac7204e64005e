#pragma once

#include <cstdint>
#include <string>

namespace aka::base {

/// Tells whether a path still leads to the same content, as far as that can be seen without
/// reading: the file behind links, its size and its times. All zero: there is none.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  ///< in nanoseconds, as is the next
  std::int64_t changed = 0;   ///< the inode: permissions too

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path);

}  // namespace aka::base
