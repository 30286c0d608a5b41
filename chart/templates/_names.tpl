{{/* Labels by which Service, PodDisruptionBudget and others find the pods. They never change. */}}
{{- define "morrow.selector" -}}
app.kubernetes.io/name: {{ .Values.name | quote }}
app.kubernetes.io/component: service
{{- end }}

{{/* Labels of every object. Nothing of the release's revision or the chart's version in them. */}}
{{- define "morrow.labels" -}}
{{ include "morrow.selector" . }}
app.kubernetes.io/instance: {{ .Values.name | quote }}
app.kubernetes.io/managed-by: Helm
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The same with others laid over them. It gets {root, own}. */}}
{{- define "morrow.labelsWith" -}}
{{ mergeOverwrite (include "morrow.labels" .root | fromYaml) (.own | default dict) | toYaml }}
{{- end }}

{{/* An object's annotations, those of every object too; nothing when there are none. It gets {root, own}. */}}
{{- define "morrow.annotations" -}}
{{- with merge (dict) (.own | default dict) .root.Values.annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Labels of a pod that is not the service's: no Service and no budget may select it. */}}
{{- define "morrow.otherLabels" -}}
{{ include "morrow.otherSelector" . }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "morrow.otherSelector" -}}
app.kubernetes.io/name: {{ .root.Values.name | quote }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .root.Values.name | quote }}
app.kubernetes.io/managed-by: Helm
{{- end }}

{{- define "morrow.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* Named by its content: a pod's template names exactly the settings that it was made for. */}}
{{- define "morrow.configMapName" -}}
{{ .Values.name }}-config-{{ .Values.config | toJson | sha256sum | trunc 10 }}
{{- end }}

{{- define "morrow.secretName" -}}
{{- $secrets := .Values.secrets -}}
{{- if eq $secrets.provider "existing" -}}
{{ $secrets.name }}
{{- else -}}
{{ $secrets.name | default .Values.name }}-{{ $secrets.revision }}
{{- end }}
{{- end }}

{{- define "morrow.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default .Values.name }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* Who states the number of pods: replicas, or an autoscaler. */}}
{{- define "morrow.scaledBy" -}}
{{ if eq .Values.autoscaling.mode "none" }}replicas{{ else }}autoscaling{{ end }}
{{- end }}

{{/* The fewest pods there are: what the budget and the protection of an environment ask for. */}}
{{- define "morrow.fewest" -}}
{{ if eq (include "morrow.scaledBy" .) "replicas" }}{{ .Values.replicas }}{{ else }}{{ .Values.autoscaling.min }}{{ end }}
{{- end }}

{{/* The port's name that serves probes and metrics. */}}
{{- define "morrow.adminPort" -}}
{{ if .Values.ports.admin }}admin{{ else }}http{{ end }}
{{- end }}

{{/* The workload that the pods belong to, for those who point to it. */}}
{{- define "morrow.target" -}}
{apiVersion: apps/v1, kind: {{ .Values.workload }}, name: {{ .Values.name | quote }}}
{{- end }}
