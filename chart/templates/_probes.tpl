{{/* One probe. It gets {root, kind, own}: own is the kit's path on the admin port. */}}
{{- define "morrow.probe" -}}
{{- $probe := get .root.Values.probes .kind -}}
{{- $path := $probe.path -}}
{{- if and (not $path) .root.Values.ports.admin -}}
{{- $path = .own -}}
{{- end -}}
{{- $ports := dict "http" .root.Values.ports.http "admin" .root.Values.ports.admin -}}
{{- range $name, $port := .root.Values.ports.more }}{{ if $port }}{{ $_ := set $ports $name $port.port }}{{ end }}{{ end -}}
{{- $port := $probe.port | default (ternary (include "morrow.adminPort" .root) "http" (ne $path "")) -}}
{{- include "morrow.asked" (dict "probe" $probe "path" $path "port" $port "ports" $ports) }}
periodSeconds: {{ $probe.periodSeconds | int }}
failureThreshold: {{ $probe.failureThreshold | int }}
timeoutSeconds: {{ $probe.timeoutSeconds | int }}
{{- end }}

{{/* How a probe asks: a command, gRPC, HTTP, or only a connection. gRPC alone wants the port's number. */}}
{{- define "morrow.asked" -}}
{{- if .probe.exec -}}
exec: {command: {{ toJson .probe.exec }}}
{{- else if .probe.grpc -}}
grpc: {port: {{ get .ports .probe.grpc.port | int }}{{ with .probe.grpc.service }}, service: {{ . | quote }}{{ end }}}
{{- else if .path -}}
httpGet: {path: {{ .path | quote }}, port: {{ .port | quote }}}
{{- else -}}
tcpSocket: {port: {{ .port | quote }}}
{{- end }}
{{- end }}

{{/* A sidecar's probe; what it leaves out is Kubernetes' own default. It gets {probe, ports}. */}}
{{- define "morrow.helperProbe" -}}
{{- include "morrow.asked" (dict "probe" .probe "path" .probe.path "port" .probe.port "ports" .ports) }}
{{- range $key := list "periodSeconds" "failureThreshold" "timeoutSeconds" }}
{{- with get $.probe $key }}
{{ $key }}: {{ . | int }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.probes" -}}
startupProbe: {{- include "morrow.probe" (dict "root" . "kind" "startup" "own" "/startupz") | nindent 2 }}
readinessProbe: {{- include "morrow.probe" (dict "root" . "kind" "readiness" "own" "/readyz") | nindent 2 }}
livenessProbe: {{- include "morrow.probe" (dict "root" . "kind" "liveness" "own" "/livez") | nindent 2 }}
{{- if and (not .Values.ports.admin) (gt (int .Values.drain) 0) }}
{{- /* The kit drains by itself (MORROW_DRAIN); another image is held back here. */}}
lifecycle: {preStop: {sleep: {seconds: {{ .Values.drain | int }}}}}
{{- end }}
{{- end }}
