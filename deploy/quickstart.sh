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

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say '1/3 Packages'
deploy/install-packages.sh build

say '2/3 Build'
cmake --preset release >/dev/null
cmake --build --preset release --target atlas-key-auditor atlas-key-sim
bin=$PWD/build/release/bin

say '3/3 Run'
work=$(mktemp -d "${TMPDIR:-/tmp}/atlas-key-auditor.XXXXXX")
pids=()
stop() {
  trap - INT TERM EXIT
  # The daemon first: it gives tokens back to the service.
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill -TERM "${pids[i]}" 2>/dev/null || true
    wait "${pids[i]}" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap 'stop; say "Stopped."; exit 0' INT TERM
trap stop EXIT

# Background jobs of a script ignore Ctrl-C, so that it is this script that stops them, in order.
if [ -z "$config" ]; then
  cp deploy/quickstart/auditor.yaml deploy/quickstart/fixture.json "$work"
  (umask 077; cat /proc/sys/kernel/random/uuid >"$work/auditor.key")
  "$bin/atlas-key-sim" --fixture "$work/fixture.json" >"$work/sim.out" 2>&1 &
  pids+=($!)
  for _ in $(seq 50); do grep -q '^listening' "$work/sim.out" && break; sleep 0.1; done
  grep -q '^listening' "$work/sim.out" || { cat "$work/sim.out" >&2; exit 1; }
  echo "Simulated Atlas: http://127.0.0.1:9975   (try: curl -X POST http://127.0.0.1:9975/sim/keys/5f1a2b3c4d5e6f7a8b9c0d1e/64aa11bb22cc33dd44ee5501 -d '{\"desc\":\"changed\"}')"
  config=$work/auditor.yaml
fi

"$bin/atlas-key-auditor" check --config "$config"
echo 'To look at: the address below, and there /metrics, /api/v1/findings and /api/v1/keys. Ctrl-C stops.'
echo
"$bin/atlas-key-auditor" run --config "$config" &
pids+=($!)
status=0
wait "${pids[-1]}" || status=$?
exit "$status"
