#!/usr/bin/env bash
# Wraps deploy/prometheus/rules.yml into an object of the Prometheus operator: the rules are written
# once. `generate.sh --check` says whether prometheusrule.yaml is up to date.
set -euo pipefail
cd "$(dirname "$0")"

wrapped() {
  cat <<'YAML'
# Made by generate.sh from deploy/prometheus/rules.yml; change that.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: atlas-key-auditor
spec:
YAML
  sed -n '/^groups:/,$s/^\(.\)/  \1/p' ../../prometheus/rules.yml
}

if [ "${1:-}" = --check ]; then
  wrapped | diff - prometheusrule.yaml
else
  wrapped >prometheusrule.yaml
fi
