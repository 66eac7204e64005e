#!/usr/bin/env bash
# A clean copy of this commit in a fresh root of a Debian release, the other one by default:
# `tests/other_release.sh build|test [bookworm|trixie]`. `build` compiles it; `test` does what the
# README tells a newcomer: the quickstart until its findings are there, then the tests. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-build}
here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
release=${2:-$([ "$here" = trixie ] && echo bookworm || echo trixie)}
root=$(mktemp -d "${TMPDIR:-/tmp}/aka-$release.XXXXXX")
quickstart=''
leave() {
  if [ -n "$quickstart" ]; then kill -TERM -- "-$quickstart" 2>/dev/null || true; fi
  umount -q "$root/proc" || true
  rm -rf --one-file-system "$root"
}
trap leave EXIT

mmdebstrap --quiet --variant=apt "$release" "$root"
mkdir "$root/project"
git archive HEAD | tar -x -C "$root/project"
mount -t proc proc "$root/proc"

# The findings of deploy/quickstart/: a key that drifts, one that is gone.
try_quickstart() {
  local log=$root/quickstart.log began=$SECONDS
  # A script's background job ignores Ctrl-C unless told otherwise.
  setsid env --default-signal=INT chroot "$root" /project/deploy/quickstart.sh >"$log" 2>&1 &
  quickstart=$!
  until grep -q 'finding_opened.*role_forbidden' "$log" && grep -q 'finding_opened.*key_missing' "$log"; do
    kill -0 "$quickstart" 2>/dev/null && [ $((SECONDS - began)) -lt 1200 ] || { cat "$log" >&2; return 1; }
    sleep 1
  done
  echo "$release: quickstart shows its findings after $((SECONDS - began)) s"
  kill -INT -- "-$quickstart"
  local status=0
  wait "$quickstart" || status=$?
  quickstart=''
  [ "$status" -eq 0 ] || { tail -n 20 "$log" >&2; echo "quickstart: exit $status after Ctrl-C" >&2; return 1; }
}

if [ "$what" = test ]; then
  try_quickstart
  began=$SECONDS
  chroot "$root" /project/tests/run.sh
  echo "$release: the tests took $((SECONDS - began)) s"
else
  chroot "$root" /project/deploy/install-packages.sh build
  chroot "$root" cmake -G Ninja -S /project -B /project/build/other -DCMAKE_BUILD_TYPE=Debug -DAKA_TESTS=OFF -DAKA_WARNINGS_AS_ERRORS=ON >/dev/null
  chroot "$root" cmake --build /project/build/other
fi
