#!/usr/bin/env bash
# The pages in a real browser: installs it and its driver, then runs pages_test.py.
set -euo pipefail
cd "$(dirname "$0")"
# node and npm come from many places; only who has none gets Debian's.
type -P chromium node npm >/dev/null || ../../deploy/install-packages.sh browser
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent
exec python3 -B pages_test.py "$@"
