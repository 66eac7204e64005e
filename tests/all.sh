#!/usr/bin/env bash
# Everything, an hour of it: the tests plain and under both sanitizers, the long measurements, and
# both Debian releases from nothing. .ci/run is the short form. Needs root for the releases.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

for preset in dev asan tsan; do
  step "tests, $preset"
  tests/run.sh "$preset"
done

step 'measurements'
cmake --preset release >/dev/null
cmake --build --preset release
missed=0
for script in tests/measure/*.py; do
  [ -x "$script" ] || continue  # what they share
  "$script" || missed=1
done

step 'the Kubernetes objects'
tests/kubernetes/run.sh
tests/compose/run.sh

step 'the image, and the objects run'
tests/container.sh

step 'benchmarks'
tests/bench/run.py --long --keep-document || missed=1

deploy/install-packages.sh ci
for release in bookworm trixie; do
  step "the package under systemd on $release"
  tests/systemd.sh "$release"
  step "a newcomer's two commands on $release"
  tests/other_release.sh test "$release"
done

step "done"
exit "$missed"
