{{/* Labels by which Service, PodDisruptionBudget and others find the pods. They never change. */}}
{{- define "morrow.selector" -}}
app.kubernetes.io/name: {{ .Values.name | quote }}
app.kubernetes.io/component: {{ .process | default "service" }}
{{- end }}

{{/* The name of a workload's objects: the service's, and the process's behind it. */}}
{{- define "morrow.fullname" -}}
{{ .Values.name }}{{ with .process }}-{{ . }}{{ end }}
{{- end }}

{{/* Labels of every object. Nothing of the release's revision or the chart's version in them. */}}
{{- define "morrow.labels" -}}
{{ include "morrow.selector" . }}
app.kubernetes.io/instance: {{ .Values.name | quote }}
app.kubernetes.io/managed-by: Helm
{{- with .Values.labels }}
{{ toYaml . }}{{ end }}
{{- end }}

{{/*
The head of every object. It gets {root, api, kind} and may get name or suffix, component (of what no
Service and no budget of the service may select), labels, own (annotations).
*/}}
{{- define "morrow.head" -}}
{{- $whose := ternary (dict "Values" .root.Values "process" .component) .root (hasKey . "component") -}}
apiVersion: {{ .api }}
kind: {{ .kind }}
metadata:
  name: {{ .name | default (printf "%s%s" (include "morrow.fullname" .root) (ternary (printf "-%s" .suffix) "" (hasKey . "suffix"))) | quote }}
  labels: {{- include "morrow.labelsWith" (dict "root" $whose "own" .labels) | nindent 4 }}
  {{- include "morrow.annotations" . | nindent 2 }}
{{- end }}

{{/* The same with others laid over them. It gets {root, own}. */}}
{{- define "morrow.labelsWith" -}}
{{ mergeOverwrite (include "morrow.labels" .root | fromYaml) (.own | default dict) | toYaml }}
{{- end }}

{{/* An object's annotations, those of every object too; nothing when there are none. It gets {root, own}. */}}
{{- define "morrow.annotations" -}}
{{- with merge (dict) (.own | default dict) .root.Values.annotations }}
annotations: {{- toYaml . | nindent 2 }}{{ end }}
{{- end }}

{{- define "morrow.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}{{ end }}

{{- define "morrow.secretName" -}}
{{- $secrets := .Values.secrets -}}
{{- if eq $secrets.provider "existing" -}}
{{ $secrets.name }}
{{- else -}}
{{ $secrets.name | default .Values.name }}-{{ $secrets.revision }}{{ end }}
{{- end }}

{{- define "morrow.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default .Values.name }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{/* The fewest pods there are: what the budget and the protection of an environment ask for. */}}
{{- define "morrow.fewest" -}}
{{ ternary .Values.replicas .Values.autoscaling.min (eq .Values.autoscaling.mode "none") }}
{{- end }}

{{/* The port's name that serves probes and metrics. */}}
{{- define "morrow.adminPort" -}}
{{ if .Values.ports.admin }}admin{{ else }}http{{ end }}
{{- end }}

{{/* The workload that the pods belong to, for those who point to it. */}}
{{- define "morrow.target" -}}
{apiVersion: apps/v1, kind: {{ .Values.workload }}, name: {{ include "morrow.fullname" . | quote }}}
{{- end }}
