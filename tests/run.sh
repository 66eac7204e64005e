#!/usr/bin/env bash
# Installs what is needed, builds and runs the tests. `tests/run.sh asan` and `tests/run.sh tsan` do so
# under the sanitizers. Further arguments go to ctest: `tests/run.sh dev -R settings`.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=dev
if [ $# -gt 0 ] && [[ "$1" =~ ^(dev|asan|tsan)$ ]]; then
  preset=$1
  shift
fi

deploy/install-packages.sh test
cmake --preset "$preset" >"${TMPDIR:-/tmp}/aka-configure.log" 2>&1 || { cat "${TMPDIR:-/tmp}/aka-configure.log"; exit 1; }
cmake --build --preset "$preset"
# Races of a sanitized run are reported with both stacks and fail the test.
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/tsan.supp" UBSAN_OPTIONS=print_stacktrace=1
ctest --preset "$preset" --parallel "$(nproc)" "$@"
