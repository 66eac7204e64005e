{{- define "auditor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "auditor.fullname" -}}
{{- $name := include "auditor.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "auditor.selector" -}}
app.kubernetes.io/name: {{ include "auditor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "auditor.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "auditor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "auditor.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "auditor.serviceAccount" -}}
{{- default (ternary (include "auditor.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "auditor.secret" -}}
{{- if .Values.existingSecret }}
{{- .Values.existingSecret }}
{{- else if .Values.secrets }}
{{- printf "%s-secrets" (include "auditor.fullname" .) }}
{{- end }}
{{- end }}

{{- define "auditor.claim" -}}
accessModes: [ReadWriteOnce]
{{- with .Values.persistence.storageClass }}
storageClassName: {{ . | quote }}
{{- end }}
resources:
  requests:
    storage: {{ .Values.persistence.size | quote }}
{{- end }}

{{- define "auditor.pod" -}}
metadata:
  labels:
    {{- include "auditor.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "auditor.serviceAccount" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 15
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: auditor
      image: {{ include "auditor.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - run
        - --config
        - /etc/atlas-key-auditor/auditor.yaml
        - --listen
        - ":9974"
        {{- if gt (int .Values.shards) 1 }}
        - --shard
        - {{ printf "ordinal/%d" (int .Values.shards) }}
        {{- end }}
      {{- with .Values.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 9974
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      # Ready: configuration and store are loaded. Alive: the scheduler has not missed its beat.
      startupProbe:
        httpGet: {path: /-/ready, port: http, scheme: {{ upper .Values.scheme }}}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet: {path: /-/ready, port: http, scheme: {{ upper .Values.scheme }}}
      livenessProbe:
        httpGet: {path: /-/healthy, port: http, scheme: {{ upper .Values.scheme }}}
        periodSeconds: 30
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/atlas-key-auditor, readOnly: true}
        {{- if include "auditor.secret" . }}
        - {name: secrets, mountPath: /run/secrets/atlas-key-auditor, readOnly: true}
        {{- end }}
        - {name: state, mountPath: /var/lib/atlas-key-auditor}
  volumes:
    - name: config
      configMap:
        name: {{ default (include "auditor.fullname" .) .Values.existingConfigMap }}
    {{- with include "auditor.secret" . }}
    # 0440, which YAML 1.2 does not read as an octal number.
    - name: secrets
      secret: {secretName: {{ . }}, defaultMode: 288, optional: false}
    {{- end }}
    {{- if not .Values.persistence.enabled }}
    - name: state
      emptyDir: {}
    {{- else if eq (int .Values.shards) 1 }}
    - name: state
      persistentVolumeClaim:
        claimName: {{ default (printf "%s-store" (include "auditor.fullname" .)) .Values.persistence.existingClaim }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
