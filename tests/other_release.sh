#!/usr/bin/env bash
# Builds (and with `test` also tests) a clean copy of this commit in a fresh root of another Debian
# release: `tests/other_release.sh build|test [bookworm|trixie]`. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-build}
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
release=${2:-$([ "$here" = trixie ] && echo bookworm || echo trixie)}
root=$(mktemp -d "${TMPDIR:-/tmp}/aka-$release.XXXXXX")
trap 'umount -q "$root/proc" || true; rm -rf --one-file-system "$root"' EXIT

mmdebstrap --quiet --variant=apt "$release" "$root"
mkdir "$root/project"
git archive HEAD | tar -x -C "$root/project"
mount -t proc proc "$root/proc"

if [ "$what" = test ]; then
  chroot "$root" /project/tests/run.sh
else
  chroot "$root" /project/deploy/install-packages.sh build
  chroot "$root" cmake -G Ninja -S /project -B /project/build/other -DCMAKE_BUILD_TYPE=Debug -DAKA_TESTS=OFF -DAKA_WARNINGS_AS_ERRORS=ON >/dev/null
  chroot "$root" cmake --build /project/build/other
fi
