#!/usr/bin/env bash
# From a bare clone to a watched organization: installs what is needed, builds, and runs the daemon
# against the bundled simulator, or with `--config FILE` against a real organization. Ctrl-C stops.
set -euo pipefail
cd "$(dirname "$0")/.."

config=''
usage() { echo "usage: $0 [--config FILE]   FILE: a configuration for your own organization; without it, a simulated one"; }
while [ $# -gt 0 ]; do
  case "$1" in
    --config) config=$(realpath -- "${2:?--config needs a file}"); shift 2 ;;
    -h|--help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
  esac
done

say() { printf '\033[1m%s\033[0m\n' "$*"; }

say '1/3 Packages'
deploy/install-packages.sh build

say '2/3 Build'
cmake --preset release >/dev/null
cmake --build --preset release --target atlas-key-auditor atlas-key-sim
bin=build/release/bin

say '3/3 Run'
work=$(mktemp -d "${TMPDIR:-/tmp}/atlas-key-auditor.XXXXXX")
pids=()
stop() {
  trap - INT TERM EXIT
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  echo; say 'Stopped.'
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

if [ -z "$config" ]; then
  cp deploy/quickstart/auditor.yaml deploy/quickstart/fixture.json "$work"
  mkdir "$work/secrets"
  (umask 077; jq_free_secret deploy/quickstart/fixture.json >"$work/secrets/prod.key")
  "$bin/atlas-key-sim" --listen 127.0.0.1:9975 --fixture "$work/fixture.json" >"$work/sim.out" 2>&1 &
  pids+=($!)
  config=$work/auditor.yaml
fi

"$bin/atlas-key-auditor" check --config "$config"
"$bin/atlas-key-auditor" run --config "$config" &
pids+=($!)
wait "${pids[-1]}"
