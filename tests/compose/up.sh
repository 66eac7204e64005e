#!/usr/bin/env bash
# deploy/compose really up: by Docker's own compose, over podman, which speaks Docker's language. Needs root,
# and the images and the storage of tests/container.sh, which runs it. No registry is asked: Prometheus and Alertmanager are
# Debian 13's, in images made on the spot under the names of the real ones; Grafana, which Debian has not,
# stays out (e2e: dashboard asks its queries).
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/install-packages.sh container

work=$(mktemp -d "${TMPDIR:-/tmp}/aka-compose.XXXXXX")
export CONTAINERS_CONF=$work/containers.conf DOCKER_HOST=unix://$work/podman.sock
file=deploy/compose/compose.yaml
pids=()
compose() { "$work/root/usr/libexec/docker/cli-plugins/docker-compose" -f "$file" "$@" 2>>"$work/compose.log"; }
finish() {
  compose down --volumes --timeout 5 || true
  for pid in "${pids[@]}"; do kill "$pid" || true; done
  rm -rf "$work"
}
trap finish EXIT
cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits=["nofile=20000:20000","nproc=10000:10000"]
[engine]
runtime="runc"
[network]
network_backend="netavark"
CONF

say() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  cat "$work/compose.log"
  for service in simulator auditor prometheus alertmanager; do podman logs "atlas-key-auditor-$service-1" 2>&1 | tail -n 10; done
  exit 1
}
until_true() {  # what, seconds, command...
  local what=$1 left=$(($2 * 5))
  shift 2
  until "$@"; do
    ((left-- > 0)) || fail "waited in vain for $what"
    sleep 0.2
  done
}
page() { curl -fsS "http://127.0.0.1:$1" 2>/dev/null; }
shows() { page "$1" | grep -q "$2"; }

say 'stand-ins'
mmdebstrap --quiet --variant=extract --include=base-files,libc6,prometheus,prometheus-alertmanager,docker-compose \
  trixie "$work/root" 2>"$work/mmdebstrap.log" || { cat "$work/mmdebstrap.log"; exit 1; }
stand_in() {  # service, program, arguments as JSON
  local image
  image=$(sed -n "s|^    image: \(.*/$1:.*\)|\1|p" "$file")
  "$work/root/usr/bin/$2" --version 2>&1 | head -n 1
  mkdir "$work/root/$1" && chmod 777 "$work/root/$1"
  tar -C "$work/root" -c bin lib lib64 usr/bin/"$2" usr/lib64 usr/lib/x86_64-linux-gnu usr/share/prometheus etc "$1" |
    podman import -q --change 'USER 65534' --change "ENTRYPOINT [\"/usr/bin/$2\"]" --change "CMD $3" - "$image" >/dev/null
}
stand_in prometheus prometheus '["--config.file=/etc/prometheus/prometheus.yml","--storage.tsdb.path=/prometheus"]'
stand_in alertmanager prometheus-alertmanager '["--config.file=/etc/alertmanager/alertmanager.yml","--storage.path=/alertmanager"]'
podman tag localhost/atlas-key-auditor localhost/atlas-key-auditor-auditor
podman system service --time=0 "$DOCKER_HOST" >"$work/service.log" 2>&1 &
pids+=($!)
until_true 'podman' 10 test -S "$work/podman.sock"
# systemd would ask podman's health checks; here this does.
while sleep 1; do podman healthcheck run atlas-key-auditor-simulator-1 >/dev/null 2>&1 || true; done &
pids+=($!)

say 'up'
compose config --quiet
compose up --detach --no-build --pull never simulator auditor prometheus alertmanager || fail 'it does not come up'
until_true 'readiness' 30 shows 9974/-/ready ready
until_true 'verdicts' 30 shows 9974/metrics 'atlas_key_compliant{.*key="reports".* 0'
until_true 'a scrape' 30 shows '9090/api/v1/query?query=up' '"instance":"auditor".*"1"'
until_true 'the alert of the shipped rules in Alertmanager' 120 shows 9093/api/v2/alerts '"alertname":"AtlasKeyDrift".*"key":"reports"'

say 'the key of the first lines drifts when told to'
words=$(sed -n 's/^# *curl \(.*\)/\1/p' "$file")
eval "curl -fsS $words" >/dev/null
until_true 'the drift' 30 shows 9974/metrics 'atlas_key_compliant{.*key="ci".* 0'

say 'nothing is open to others, and ours have the least rights'
open=$(podman ps --format '{{.Ports}}' | grep -c '0\.0\.0\.0' || true)
[ "$open" = 0 ] || fail 'a port is open to others'
for service in simulator auditor; do
  pid=$(podman inspect -f '{{.State.Pid}}' "atlas-key-auditor-$service-1")
  [ "$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")" = 65532 ] || fail "another user runs $service"
  [ "$(awk '/^CapEff:/ {print $2}' "/proc/$pid/status")" = 0000000000000000 ] || fail "$service has capabilities"
  awk '$2 == "/" {print $4}' "/proc/$pid/mounts" | grep -q '^ro' || fail "the root of $service can be written"
done

say 'down leaves nothing'
compose down --volumes --timeout 5
[ -z "$(podman ps -aq --filter label=com.docker.compose.project=atlas-key-auditor)" ] || fail 'containers are left'
[ -z "$(podman volume ls -q --filter name=atlas-key-auditor_)" ] || fail 'volumes are left'
say 'all well'
