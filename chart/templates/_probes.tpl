{{/* The probes of the service's container; none where there is nothing to ask. */}}
{{- define "morrow.probes" -}}
{{- $kit := include "morrow.kit" . -}}
{{- $ports := dict -}}
{{- range include "morrow.ports" . | fromYamlArray }}{{ $_ := set $ports .name .containerPort }}{{ end -}}
{{- range $kind, $own := dict "startup" "/startupz" "readiness" "/readyz" "liveness" "/livez" }}
{{- $probe := get $.Values.probes $kind -}}
{{- $path := $probe.path | default (ternary $own "" (ne $kit "")) -}}
{{- $port := $probe.port | default (ternary (include "morrow.adminPort" $) "http" (ne $path "")) -}}
{{- if or $probe.exec $probe.grpc (hasKey $ports $port) }}
{{ $kind }}Probe: {{- include "morrow.asked" (merge (dict "path" $path "port" $port "ports" $ports) $probe) | nindent 2 }}{{ end }}
{{- end }}
{{- if and (not $kit) (gt (int .Values.drain) 0) }}
{{- /* The kit drains by itself (MORROW_DRAIN); another image is held back here. */}}
lifecycle: {preStop: {sleep: {seconds: {{ .Values.drain | int }}}}}
{{- end }}{{ end }}

{{/*
How a probe asks: a command, gRPC, HTTP, or only a connection, and how often; what it leaves out is
Kubernetes' own default. gRPC alone wants the port's number: `ports` has it.
*/}}
{{- define "morrow.asked" -}}
{{- if .exec -}}
exec: {command: {{ toJson .exec }}}
{{- else if .grpc -}}
grpc: {port: {{ get .ports .grpc.port | int }}{{ with .grpc.service }}, service: {{ . | quote }}{{ end }}}
{{- else if .path -}}
httpGet: {path: {{ .path | quote }}, port: {{ .port | quote }}}
{{- else -}}
tcpSocket: {port: {{ .port | quote }}}{{ end }}
{{- range $key := list "periodSeconds" "failureThreshold" "timeoutSeconds" }}
{{- with get $ $key }}
{{ $key }}: {{ . | int }}{{ end }}
{{- end }}{{ end }}
