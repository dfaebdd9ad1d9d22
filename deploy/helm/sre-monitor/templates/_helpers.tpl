{{- define "sre-monitor.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sre-monitor.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "sre-monitor.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sre-monitor.selector" -}}
app.kubernetes.io/name: {{ include "sre-monitor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sre-monitor.labels" -}}
{{ include "sre-monitor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "sre-monitor.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sre-monitor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* What cannot run is refused before it is applied. */ -}}
{{- define "sre-monitor.check" -}}
{{- if not (or .Values.tokens.existingSecret .Values.tokens.allowAnonymous) -}}
{{- fail "others reach the service: name a Secret with tokens.existingSecret, or set tokens.allowAnonymous=true" -}}
{{- end -}}
{{- if and (eq .Values.store.type "postgres") (not .Values.store.postgres.existingSecret) -}}
{{- fail "store.type is postgres: name the Secret with its address with store.postgres.existingSecret" -}}
{{- end -}}
{{- end -}}
