#!/usr/bin/env bash
# The units as systemd itself judges them: `units.sh DIRECTORY-OF-UNITS DIRECTORY-OF-PROGRAMS`. No
# word of complaint is allowed, and no exposure above 1.3.
set -euo pipefail

units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
cp "$1"/*.service "$1"/*.timer "$units"
# They name where the program will be; here it is elsewhere.
sed -i "s|^\(Exec[A-Za-z]*\)=[^ ]*/atlas-key-auditor |\1=$2/atlas-key-auditor |" "$units"/*.service

failed=0
complaints=$(systemd-analyze verify --man=no "$units"/*.service "$units"/*.timer 2>&1) || failed=1
if [ -n "$complaints" ]; then
  echo "$complaints"
  failed=1
fi
for unit in "$units"/*.service; do
  verdict=$(systemd-analyze security --no-pager --offline=true --threshold=13 "$unit") || failed=1
  echo "${verdict##*→ }"
done
exit "$failed"
