{{- define "auditor.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "auditor.fullname" -}}
{{- $name := include "auditor.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "auditor.selectorLabels" -}}
app.kubernetes.io/name: {{ include "auditor.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "auditor.labels" -}}
{{ include "auditor.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "auditor.serviceAccount" -}}
{{ default (ternary (include "auditor.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "auditor.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- /* The configuration as the pod reads it: the user's, with the places that the pod has. */ -}}
{{- define "auditor.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if not $config.desired -}}
{{- fail "config.desired is empty: say what is declared, as in {repository: platform, path: clusters/prod, cluster: this}" -}}
{{- end -}}
{{- $store := default dict $config.store -}}
{{- $http := default dict $config.http -}}
{{- if or $store.path $store.cache $http.listen -}}
{{- fail "config.store.path, config.store.cache and config.http.listen are set by the chart: leave them out" -}}
{{- end -}}
{{- $_ := set $config "store" (merge (dict "path" "/var/lib/auditor/ledger.db" "cache" "/var/lib/auditor/cache") $store) -}}
{{- $_ := set $config "http" (merge (dict "listen" "0.0.0.0:8080") $http) -}}
{{ toYaml $config }}
{{- end }}

{{- /* Whether Secrets of this cluster are audited: "true" or nothing. */ -}}
{{- define "auditor.readsSecrets" -}}
{{- range .Values.config.clusters }}{{ if and .inCluster .secrets }}true{{ end }}{{ end }}
{{- end }}
