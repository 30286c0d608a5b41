{{/* A metric of the autoscaler, by name and labels. */}}
{{- define "morrow.metric" -}}
name: {{ .name | quote }}
{{- with .labels }}
selector: {matchLabels: {{ toJson . }}}{{ end }}
{{- end }}

{{/* Its target: a value for all pods, or one for each pod on average. */}}
{{- define "morrow.metricTarget" -}}
{{- if .average -}}
type: AverageValue
averageValue: {{ .average | quote }}
{{- else -}}
type: Value
value: {{ .value | quote }}
{{- end }}{{ end }}
