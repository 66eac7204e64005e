// Kubernetes mounts `auditor.yaml -> ..data/auditor.yaml` and swaps `..data` by one rename, so the
// new files are whole the moment they can be seen, and a look now and then is all it takes.
#include "platform/link_watch.h"

#include <system_error>
#include <utility>

namespace aka::platform {

namespace fs = std::filesystem;

LinkWatch::LinkWatch(fs::path file_or_directory)
    : path_(std::move(file_or_directory)), seen_(look()) {}

bool LinkWatch::changed() {
  Targets now = look();
  // What is gone for now is not what is meant.
  if (now.empty() || now == seen_) return false;
  seen_ = std::move(now);
  return true;
}

LinkWatch::Targets LinkWatch::look() const {
  Targets targets;
  std::error_code failure;
  const auto add = [&](const fs::path& file) {
    std::error_code missing;
    const fs::path target = fs::canonical(file, missing);
    if (!missing) targets.emplace(file, target);
  };
  if (!fs::is_directory(path_, failure)) {
    add(path_);
    return targets;
  }
  fs::directory_iterator entries(path_, failure);
  for (; !failure && entries != fs::directory_iterator(); entries.increment(failure)) {
    if (entries->path().extension() == ".yaml" && entries->is_symlink(failure))
      add(entries->path());
  }
  return targets;
}

}  // namespace aka::platform
