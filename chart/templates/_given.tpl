{{/* Take out, in place, what a later file took away with null. */}}
{{- define "morrow.prune" -}}
{{- range $key, $value := . }}
{{- if kindIs "invalid" $value }}{{ $_ := unset $ $key }}
{{- else if and (kindIs "map" $value) (ne $key "processes") }}{{ include "morrow.prune" $value }}
{{- end }}{{ end }}{{ end }}

{{/* Lay values over others, in place, as Helm lays files. It gets {onto, over}. */}}
{{- define "morrow.lay" -}}
{{- range $key, $value := .over }}
{{- if and (kindIs "map" $value) (kindIs "map" (get $.onto $key)) }}
{{- include "morrow.lay" (dict "onto" (get $.onto $key) "over" $value) }}
{{- else }}{{ $_ := set $.onto $key $value }}
{{- end }}{{ end }}{{ end }}

{{/* Fill in what may be taken away as a whole, and the entries of `processes` that stay. */}}
{{- define "morrow.settle" -}}
{{- if not (hasKey .Values "autoscaling") }}{{ $_ := set .Values "autoscaling" (.Files.Get "files/unscaled.yaml" | fromYaml) }}{{ end }}
{{- if not (hasKey (.Values.network | default dict) "egress") }}{{ $_ := set (.Values.network | default dict) "egress" dict }}{{ end }}
{{- range $name, $process := .Values.processes }}
{{- if kindIs "invalid" $process }}{{ $_ := unset $.Values.processes $name }}{{ end }}
{{- end }}{{ end }}
