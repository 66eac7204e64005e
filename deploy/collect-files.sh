#!/usr/bin/env bash
# A root directory that holds a program, the libraries that it loads, trust anchors and a user:
# `collect-files.sh PROGRAM DIRECTORY`. For images without a distribution in them.
set -euo pipefail
program=$1
root=$2

install -D -m 755 -s "$program" "$root/usr/bin/$(basename "$program")"
# "name => path (address)", and the loader as a path alone.
ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// {print $1}' |
  while read -r library; do
    install -D -m 755 "$(readlink -f "$library")" "$root$library"
  done
# Names are resolved by files and by DNS, both of which the C library has built in.
install -D -m 644 /dev/stdin "$root/etc/nsswitch.conf" <<<'hosts: files dns'
install -D -m 644 /dev/stdin "$root/etc/passwd" <<<'auditor:x:65532:65532::/:/nowhere'
install -D -m 644 /dev/stdin "$root/etc/group" <<<'auditor:x:65532:'
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
# Where this OpenSSL looks for its anchors.
directory=$(openssl version -d | cut -d'"' -f2)
mkdir -p "$root$directory"
ln -sf /etc/ssl/certs/ca-certificates.crt "$root$directory/cert.pem"
install -d -m 700 -o 65532 -g 65532 "$root/var/lib/atlas-key-auditor"
install -d -m 1777 "$root/tmp"
