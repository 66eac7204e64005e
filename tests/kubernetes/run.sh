#!/usr/bin/env bash
# The Kubernetes objects, rendered and held against the schemas of their kinds. kubectl renders without a
# cluster; those of the Prometheus operator, whose schemas are not at hand, are left to promtool.
set -euo pipefail
cd "$(dirname "$0")"
type -P kubectl node npm >/dev/null || ../../deploy/install-packages.sh kubernetes
[ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --silent

for directory in base shards; do
  kubectl kustomize "../../deploy/kubernetes/$directory" | node validate.mjs
done
../../deploy/kubernetes/monitoring/generate.sh --check
