// What counts as another configuration: what a container platform swaps, and not what a person
// edits.
#include "platform/link_watch.h"

#include <doctest/doctest.h>

#include "support/scratch_directory.h"

namespace aka::platform {
namespace {

namespace fs = std::filesystem;

/// A mount as Kubernetes makes it: name -> ..data/name, ..data -> a directory with a date.
struct Mount {
  testing::ScratchDirectory directory;
  fs::path root = directory.path();

  Mount() {
    publish("..1");
    fs::create_symlink("..data/auditor.yaml", root / "auditor.yaml");
  }

  void publish(const std::string& version) {
    directory.write(version + "/auditor.yaml", version);
    directory.write(version + "/more.yaml", version);
    fs::create_symlink(version, root / "..new");
    fs::rename(root / "..new", root / "..data");
  }
};

TEST_CASE_FIXTURE(Mount, "a swapped mount is a change, once") {
  for (const fs::path& path : {root / "auditor.yaml", root}) {
    CAPTURE(path);
    LinkWatch watch(path);
    CHECK_FALSE(watch.changed());
    publish(path == root ? "..3" : "..2");
    CHECK(watch.changed());
    CHECK_FALSE(watch.changed());
  }
}

TEST_CASE_FIXTURE(Mount, "a file that joins a mounted directory is a change") {
  LinkWatch watch(root);
  fs::create_symlink("..data/more.yaml", root / "more.yaml");
  CHECK(watch.changed());
}

TEST_CASE("a file that is edited or replaced in its place is no change") {
  const testing::ScratchDirectory directory;
  const fs::path file = directory.write("auditor.yaml", "1");
  for (const fs::path& path : {file, directory.path()}) {
    LinkWatch watch(path);
    directory.write("auditor.yaml", "22");
    fs::rename(directory.write("next", "3"), file);
    CHECK_FALSE(watch.changed());
  }
}

TEST_CASE_FIXTURE(Mount, "a mount that is gone for a moment is no change") {
  LinkWatch watch(root / "auditor.yaml");
  fs::rename(root / "..data", root / "..away");
  CHECK_FALSE(watch.changed());
  fs::rename(root / "..away", root / "..data");
  CHECK_FALSE(watch.changed());
}

}  // namespace
}  // namespace aka::platform
