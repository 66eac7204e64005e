#!/usr/bin/env bash
# deploy/compose against the schema of the Compose specification and the errors of its linter (image tags
# that are not pinned, ports without an address), and against the files that it mounts.
set -euo pipefail
cd "$(dirname "$0")"
type -P node npm >/dev/null || ../../deploy/install-packages.sh kubernetes
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent

compose=../../deploy/compose/compose.yaml
node_modules/.bin/dclint --quiet "$compose"
node files.mjs "$compose"
echo 'compose.yaml is valid, and all its files are there'
