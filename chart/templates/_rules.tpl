{{/* files/rules.yaml with its marks filled in; a share is printed without an exponent. */}}
{{- define "morrow.rules" -}}
{{- $rules := .Values.observability.rules -}}
{{- $budget := printf "%.6f" (divf (subf 100.0 (float64 $rules.availability)) 100.0) -}}
{{- $hosts := join "|" .Values.route.hosts | default "no-host" | replace "." "[.]" | replace "*" "[^/]+" -}}
{{- .Files.Get "files/rules.yaml"
    | replace "@NAME@" .Values.name
    | replace "@NAMESPACE@" .Release.Namespace
    | replace "@BUDGET@" $budget
    | replace "@LATENCY@" (printf "%g" (float64 $rules.latency))
    | replace "@HOSTS@" $hosts
    | replace "@RUNBOOKS@" $rules.runbooks }}
{{- end }}
