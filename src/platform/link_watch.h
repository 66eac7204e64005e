#pragma once

#include <filesystem>
#include <map>

namespace aka::platform {

/// Sees that a file, or one of the *.yaml files of a directory, has come to be another file behind
/// symbolic links, as container platforms swap what they mount. A change of the file itself is
/// none: whoever edits it says when it is ready.
class LinkWatch {
 public:
  explicit LinkWatch(std::filesystem::path file_or_directory);

  /// Since this was asked last.
  bool changed();

 private:
  using Targets = std::map<std::filesystem::path, std::filesystem::path>;  ///< by name

  Targets look() const;

  const std::filesystem::path path_;
  Targets seen_;
};

}  // namespace aka::platform
