#!/usr/bin/env bash
# The Debian package under a real systemd: builds it in a Debian release, this one by default, boots a fresh
# one in a container, and there tests/systemd/inside.sh installs, runs, reloads, disturbs and purges it:
# `tests/systemd.sh [bookworm|trixie]`. Needs root.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
release=${1:-$here}
root=$(mktemp -d "${TMPDIR:-/tmp}/aka-systemd.XXXXXX")
builder=''
leave() {
  if [ -n "$builder" ]; then
    umount -q "$builder/proc" || true
    rm -rf --one-file-system "$builder"
  fi
  rm -rf --one-file-system "$root"
}
trap leave EXIT
deploy/install-packages.sh package

build='cmake --preset package >/dev/null && cmake --build --preset package && cpack --preset package >/dev/null &&
  lintian --fail-on error build/package/atlas-key-auditor_*.deb'
if [ "$release" = "$here" ]; then
  project=$PWD
  bash -c "$build"
else
  builder=$(mktemp -d "${TMPDIR:-/tmp}/aka-$release.XXXXXX")
  project=$builder/project
  mmdebstrap --quiet --variant=apt "$release" "$builder"
  mkdir "$project"
  git archive HEAD | tar -x -C "$project"
  mount -t proc proc "$builder/proc"
  chroot "$builder" /project/deploy/install-packages.sh package
  chroot "$builder" bash -c "cd /project && $build"
fi
package=$(ls "$project"/build/package/atlas-key-auditor_*.deb)

# Without the version that is wanted, and the first of alternatives.
needs=$(dpkg-deb -f "$package" Depends | sed 's/ *([^)]*)//g; s/ *|[^,]*//g; s/, */,/g')
mmdebstrap --quiet --variant=minbase --include="systemd,dbus,procps,$needs" "$release" "$root"

mkdir "$root/test"
cp "$package" "$root/test/package.deb"
cp "$project/build/package/bin/atlas-key-sim" tests/systemd/inside.sh deploy/quickstart/* "$root/test"
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
echo "$release: all well with $(basename "$package")"
