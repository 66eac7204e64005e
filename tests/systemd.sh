#!/usr/bin/env bash
# The Debian package under a real systemd: builds it, boots a fresh Debian in a container, and there
# tests/systemd/inside.sh installs, runs, reloads, disturbs and purges it. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh build
apt-get install -y -q --no-install-recommends mmdebstrap systemd-container dpkg-dev lintian >/dev/null
cmake --preset package >/dev/null
cmake --build --preset package
cpack --preset package >/dev/null
package=$(ls build/package/atlas-key-auditor_*.deb)
lintian --fail-on error "$package"

root=$(mktemp -d "${TMPDIR:-/tmp}/aka-systemd.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
# Without the version that is wanted, and the first of alternatives.
needs=$(dpkg-deb -f "$package" Depends | sed 's/ *([^)]*)//g; s/ *|[^,]*//g; s/, */,/g')
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --quiet --variant=minbase --include="systemd,dbus,procps,$needs" "$release" "$root"

mkdir "$root/test"
cp "$package" "$root/test/package.deb"
cp build/package/bin/atlas-key-sim tests/systemd/inside.sh deploy/quickstart/* "$root/test"
cat >"$root/etc/systemd/system/aka-test.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'bash /test/inside.sh >/test/log 2>&1; echo $? >/test/result; systemctl poweroff --no-block'
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../aka-test.service "$root/etc/systemd/system/multi-user.target.wants/"

timeout 300 systemd-nspawn --quiet --directory "$root" --boot --register=no --keep-unit --private-network \
  --console=pipe </dev/null >"$root/test/console" 2>&1 || true
cat "$root/test/log" 2>/dev/null || tail -n 50 "$root/test/console"
[ "$(cat "$root/test/result" 2>/dev/null)" = 0 ]
