#!/usr/bin/env bash
# The Kubernetes objects, as kustomize and Helm render them without a cluster: held against the schemas of their
# kinds and against each other.
set -euo pipefail
cd "$(dirname "$0")"
PATH=$(./tools.sh):$PATH
deploy=../../deploy
chart=$deploy/helm/atlas-key-auditor

work=$(mktemp -d "${TMPDIR:-/tmp}/aka-kubernetes.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Nothing of the user's: neither plugins nor repositories.
export HELM_CONFIG_HOME=$work/helm HELM_CACHE_HOME=$work/helm HELM_DATA_HOME=$work/helm
render() { helm template "$1" "$chart" "${@:2}" 2>"$work/words" || { cat "$work/words" >&2; return 1; }; }
valid() { node validate.mjs <"$1" >"$work/valid" || { echo "in ${1##*/}" >&2; return 1; }; }

echo 'kustomize: every object fits its schema'
{
  kubectl kustomize "$deploy/kubernetes/base"
  for file in servicemonitor prometheusrule; do echo ---; cat "$deploy/kubernetes/monitoring/$file.yaml"; done
} >"$work/base.yaml"
kubectl kustomize "$deploy/kubernetes/shards" >"$work/shards.yaml"
valid "$work/base.yaml"
valid "$work/shards.yaml"
"$deploy/kubernetes/monitoring/generate.sh" --check

echo 'the chart renders the same objects, rules included'
alike=(--set-file "config=$deploy/kubernetes/base/auditor.yaml" --set 'secrets.prod\.key=replace-me')
render atlas-key-auditor "${alike[@]}" --set serviceMonitor.enabled=true,prometheusRule.enabled=true >"$work/chart.yaml"
render atlas-key-auditor "${alike[@]}" --set shards=2 >"$work/chart-of-shards.yaml"
node compare.mjs "$work/base.yaml" "$work/chart.yaml"
node compare.mjs "$work/shards.yaml" "$work/chart-of-shards.yaml"

echo 'whatever the values, helm has nothing to say and every object fits its schema'
for values in values/*.yaml; do
  helm lint --strict --quiet "$chart" --values "$values" >"$work/words" 2>&1 || { cat "$work/words" >&2; exit 1; }
  render release --values "$values" >"$work/${values##*/}"
  valid "$work/${values##*/}"
done
grep -q 'runbook_url: https://wiki.example/atlas/runbooks/AtlasKeyDrift.md' "$work/everything.yaml"
if grep 'file://' "$work/everything.yaml"; then exit 1; fi

echo 'a package of the chart holds the rules themselves'
helm package "$chart" --destination "$work" >"$work/words" 2>&1
tar -xzOf "$work"/atlas-key-auditor-*.tgz atlas-key-auditor/files/rules.yml | cmp - "$deploy/prometheus/rules.yml"

echo 'values that are wrong are refused, each with its place'
refused() {  # what is said, the values
  printf '%s\n' "$2" >"$work/wrong.yaml"
  if helm template release "$chart" --values values/least.yaml --values "$work/wrong.yaml" >"$work/words" 2>&1; then
    echo "taken: $2" >&2
    return 1
  fi
  grep -qF -- "$1" "$work/words" || { printf 'not told of %s:\n' "$2" >&2; cat "$work/words" >&2; return 1; }
}
refused "at '/config': minLength" 'config: ""'
refused "at '/config': got object, want string" 'config: {version: 1}'
refused "additional properties 'replicas' not allowed" 'replicas: 3'
refused "at '/image': additional properties 'repo' not allowed" 'image: {repo: x}'
refused "at '/image/digest'" 'image: {digest: latest}'
refused "at '/shards': minimum: got 0, want 1" 'shards: 0'
refused "at '/shards': got string, want integer" 'shards: "2"'
refused "at '/persistence/existingClaim'" '{shards: 2, persistence: {existingClaim: one}}'
refused "at '/persistence/size'" 'persistence: {size: 1 GB}'
refused "at '/resources': additional properties 'memory' not allowed" 'resources: {memory: 1Gi}'
refused "at '/scheme'" 'scheme: HTTPS'
refused "at '/service/port': maximum" 'service: {port: 99999}'
refused "additional properties 'a/b' not allowed" 'secrets: {a/b: x}'
refused "at '/secrets/prod.key': got number, want string" 'secrets: {prod.key: 1234}'
refused "at '/networkPolicy/from': minItems" 'networkPolicy: {from: []}'
refused "at '/prometheusRule/runbookUrl'" 'prometheusRule: {runbookUrl: wiki}'
refused "invalid propertyName 'port'" 'serviceMonitor: {endpoint: {port: web}}'
refused "at '/fullnameOverride'" 'fullnameOverride: My_Auditor'
echo "all well after $SECONDS s"
