#!/usr/bin/env bash
# Installs the Debian packages that a purpose needs: build | test | browser | bench | kubernetes | container |
# package | ci. Says nothing and takes no time if they are there. Needs root or sudo only if something is missing.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config libcpp-httplib-dev nlohmann-json3-dev prometheus-cpp-dev libyaml-cpp-dev
       libspdlog-dev libcli11-dev libexpected-dev libre2-dev libssl-dev libcrypt-dev libsqlite3-dev libpq-dev zlib1g-dev ca-certificates)
test=(doctest-dev librapidcheck-dev curl openssl python3 python3-jsonschema prometheus
      prometheus-alertmanager lighttpd nginx-light postgresql systemd)
bench=(python3-requests golang-go golang-github-prometheus-client-golang-dev wrk nodejs)
command -v npm >/dev/null || bench+=(npm)  # other packages of nodejs bring it along
browser=(chromium nodejs npm)
container=(buildah podman runc catatonit netavark aardvark-dns mmdebstrap curl)
kubernetes=(nodejs npm python3)
package=(dpkg-dev lintian mmdebstrap systemd-container)
ci=(clang-tidy clang-format mmdebstrap ccache git)

case "${1:-}" in
  build) wanted=("${build[@]}") ;;
  test)  wanted=("${build[@]}" "${test[@]}") ;;
  bench) wanted=("${build[@]}" "${test[@]}" "${bench[@]}") ;;
  browser) wanted=("${browser[@]}") ;;
  container) wanted=("${build[@]}" "${container[@]}") ;;
  kubernetes) wanted=("${kubernetes[@]}") ;;
  package) wanted=("${build[@]}" "${package[@]}") ;;
  ci)    wanted=("${build[@]}" "${test[@]}" "${ci[@]}") ;;
  *) echo "usage: $0 build|test|browser|bench|kubernetes|container|package|ci" >&2; exit 64 ;;
esac

missing=()
for name in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Installing ${missing[*]} needs root; run this as root or install sudo." >&2; exit 1; }
  as_root=(sudo)
fi

# Servers that the tests start by hand must not be started by their packages.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$guard" >/dev/null
  "${as_root[@]}" chmod +x "$guard"
  trap '"${as_root[@]}" rm -f "$guard"' EXIT
fi

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" |
  grep --line-buffered -E '^(Unpacking|Setting up)' | awk '{printf "\r\033[K  %s %s", $1, $2 ~ /^up$/ ? $3 : $2; fflush()} END {print ""}'
