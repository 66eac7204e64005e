#!/usr/bin/env bash
# The image and the Kubernetes objects, run: builds the image on a Debian made on the spot, and lets
# `podman play kube` run the rendered base against the simulator; then tests/compose/up.sh. Needs root, and
# fifteen minutes. Podman is no Kubernetes: it asks probes by a curl inside the container, which the image
# lacks, so they are asked from here; ports are the host's; and a Secret reaches the container undecoded, so
# the right one is written into its volume, as a change that needs no restart.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh container
tools=$(tests/kubernetes/tools.sh)
cmake --preset package >/dev/null
cmake --build --preset package --target atlas-key-sim atlas-key-auditor

work=$(mktemp -d "${TMPDIR:-/tmp}/aka-container.XXXXXX")
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$work/containers.conf
simulator=
finish() {
  podman --runtime runc play kube --down "$work/objects.yaml" >/dev/null 2>&1 || true
  [ -z "$simulator" ] || kill "$simulator" || true
  rm -rf "$work"
}
trap finish EXIT
printf '[storage]\ndriver="vfs"\ngraphroot="%s"\nrunroot="%s"\n' "$work/storage" "$work/run" >"$CONTAINERS_STORAGE_CONF"
printf '[containers]\nnetns="host"\ndefault_ulimits=["nofile=20000:20000","nproc=10000:10000"]\n' >"$CONTAINERS_CONF"

say() { printf '== %s (%s s)\n' "$*" "$SECONDS"; }
fail() {
  printf 'FAILED: %s\n' "$*"
  podman logs "$container" 2>&1 | tail -n 30
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
asks() { build/package/bin/atlas-key-auditor healthcheck --url "http://127.0.0.1:9974/-/$1" 2>/dev/null; }
page() { curl -fsS http://127.0.0.1:9974/metrics; }
shows() { page | grep -q "$1"; }

say 'the image'
mmdebstrap --quiet --variant=apt bookworm "$work/base.tar"
podman import -q "$work/base.tar" localhost/debian:bookworm >/dev/null
mkdir "$work/project"
git archive HEAD | tar -x -C "$work/project"
make_image() {
  buildah bud --layers --isolation chroot --format docker --ignorefile deploy/Containerfile.dockerignore \
    --build-arg BASE=localhost/debian:bookworm -f deploy/Containerfile "$@" "$work/project" >"$work/build.log" 2>&1 ||
    { tail -n 40 "$work/build.log"; exit 1; }
}
make_image -t atlas-key-auditor
make_image --target simulator -t atlas-key-auditor-simulator
podman image inspect -f 'size {{.Size}}, user {{.User}}, healthcheck {{.HealthCheck}}' atlas-key-auditor

say 'the objects run'
mkdir "$work/kube"
cp deploy/quickstart/* "$work"
cat /proc/sys/kernel/random/uuid >"$work/auditor.key"
(cd "$work" && exec "$OLDPWD/build/package/bin/atlas-key-sim" --listen 127.0.0.1:9975 --fixture fixture.json >sim.log 2>&1) &
simulator=$!
sed -e 's|auditor.key}|/run/secrets/atlas-key-auditor/prod.key}|' -e 's|interval: 10s|interval: 5s|' -e '/^store:/d' \
  "$work/auditor.yaml" >"$work/kube/auditor.yaml"
cp -r deploy/kubernetes/base "$work/kube/base"
cat >"$work/kube/kustomization.yaml" <<YAML
resources: [base]
images: [{name: atlas-key-auditor, newName: localhost/atlas-key-auditor, newTag: latest}]
configMapGenerator:
  - {name: atlas-key-auditor, behavior: replace, files: [auditor.yaml]}
generatorOptions: {disableNameSuffixHash: true}
patches:
  - target: {kind: Deployment}
    patch: |
      - {op: add, path: /spec/template/spec/hostNetwork, value: true}
      - {op: add, path: /spec/template/spec/containers/0/imagePullPolicy, value: Never}
      - {op: remove, path: /spec/template/spec/containers/0/ports}
      - {op: remove, path: /spec/template/spec/containers/0/startupProbe}
      - {op: remove, path: /spec/template/spec/containers/0/readinessProbe}
      - {op: remove, path: /spec/template/spec/containers/0/livenessProbe}
  - target: {kind: Secret}
    patch: |
      - {op: remove, path: /stringData}
      - {op: add, path: /data, value: {prod.key: $(base64 <"$work/auditor.key")}}
YAML
"$tools/kubectl" kustomize "$work/kube" >"$work/objects.yaml"
podman --runtime runc play kube "$work/objects.yaml" >"$work/play.log" 2>&1 || { cat "$work/play.log"; exit 1; }
container=$(podman ps -a --format '{{.Names}}' | grep -- -auditor | head -n 1)
until_true 'readiness' 30 asks ready
until_true 'health' 10 asks healthy
until_true 'a refusal' 30 shows 'atlas_key_state{.*key="reports".*state="unauthorized"'

say 'a changed secret needs no restart'
pid=$(podman inspect -f '{{.State.Pid}}' "$container")
cp "$work/auditor.key" "$(podman volume inspect -f '{{.Mountpoint}}' atlas-key-auditor-secrets)/prod.key"
until_true 'verdicts' 30 shows 'atlas_key_state{.*key="reports".*state="drift"'

say 'with the least rights'
[ "$(podman inspect -f '{{.State.Pid}}' "$container")" = "$pid" ] || fail 'it was restarted'
[ "$(awk '/^Uid:/ {print $2}' "/proc/$pid/status")" = 65532 ] || fail 'another user'
[ "$(awk '/^CapEff:/ {print $2}' "/proc/$pid/status")" = 0000000000000000 ] || fail 'capabilities'
awk '$2 == "/" {print $4}' "/proc/$pid/mounts" | grep -q '^ro' || fail 'its root can be written'
podman logs "$container" 2>&1 | grep -q -- "$(cat "$work/auditor.key")" && fail 'a secret is in the log'
podman --runtime runc play kube --down "$work/objects.yaml" >/dev/null 2>&1
kill "$simulator"
simulator=
say 'all well; now all of it by compose'
tests/compose/up.sh
