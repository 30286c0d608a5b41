{{/* files/rules.yaml with its marks filled in; a share is printed without an exponent. */}}
{{- define "morrow.rules" -}}
{{- $rules := .Values.observability.rules -}}
{{- $budget := printf "%.6f" (divf (subf 100.0 (float64 $rules.availability)) 100.0) -}}
{{- $hosts := include "morrow.hosts" . | default "no-host" | replace "." "[.]" | replace "*" "[^/]+" -}}
{{- .Files.Get "files/rules.yaml"
    | replace "@NAME@" .Values.name
    | replace "@NAMESPACE@" .Release.Namespace
    | replace "@BUDGET@" $budget
    | replace "@LATENCY@" (printf "%g" (float64 $rules.latency))
    | replace "@HOSTS@" $hosts
    | replace "@RUNBOOKS@" $rules.runbooks }}
{{- end }}

{{/* Every host that leads here, as the alternatives of a regular expression. */}}
{{- define "morrow.hosts" -}}
{{- $hosts := .Values.route.hosts -}}
{{- range .Values.routes }}{{ if . }}{{ $hosts = concat $hosts (.hosts | default list) }}{{ end }}{{ end -}}
{{ $hosts | uniq | join "|" }}{{ end }}
