{{/* One probe; nothing where there is nothing to ask. It gets {root, kind, own}: own is the kit's path. */}}
{{- define "morrow.probe" -}}
{{- $probe := get .root.Values.probes .kind -}}
{{- $path := $probe.path | default (ternary .own "" (ne (include "morrow.kit" .root) "")) -}}
{{- $ports := dict -}}
{{- range include "morrow.ports" .root | fromYamlArray }}{{ $_ := set $ports .name .containerPort }}{{ end -}}
{{- $port := $probe.port | default (ternary (include "morrow.adminPort" .root) "http" (ne $path "")) -}}
{{- if or $probe.exec $probe.grpc (hasKey $ports $port) -}}
{{- include "morrow.asked" (dict "probe" $probe "path" $path "port" $port "ports" $ports) }}
periodSeconds: {{ $probe.periodSeconds | int }}
failureThreshold: {{ $probe.failureThreshold | int }}
timeoutSeconds: {{ $probe.timeoutSeconds | int }}
{{- end }}{{ end }}

{{/* How a probe asks: a command, gRPC, HTTP, or only a connection. gRPC alone wants the port's number. */}}
{{- define "morrow.asked" -}}
{{- if .probe.exec -}}
exec: {command: {{ toJson .probe.exec }}}
{{- else if .probe.grpc -}}
grpc: {port: {{ get .ports .probe.grpc.port | int }}{{ with .probe.grpc.service }}, service: {{ . | quote }}{{ end }}}
{{- else if .path -}}
httpGet: {path: {{ .path | quote }}, port: {{ .port | quote }}}
{{- else -}}
tcpSocket: {port: {{ .port | quote }}}{{ end }}
{{- end }}

{{/* A sidecar's probe; what it leaves out is Kubernetes' own default. It gets {probe, ports}. */}}
{{- define "morrow.helperProbe" -}}
{{- include "morrow.asked" (dict "probe" .probe "path" .probe.path "port" .probe.port "ports" .ports) }}
{{- range $key := list "periodSeconds" "failureThreshold" "timeoutSeconds" }}
{{- with get $.probe $key }}
{{ $key }}: {{ . | int }}{{ end }}
{{- end }}{{ end }}

{{- define "morrow.probes" -}}
{{- range $kind, $own := dict "startup" "/startupz" "readiness" "/readyz" "liveness" "/livez" }}
{{- with include "morrow.probe" (dict "root" $ "kind" $kind "own" $own) }}
{{ $kind }}Probe: {{- . | nindent 2 }}{{ end }}
{{- end }}
{{- if and (not (include "morrow.kit" .)) (gt (int .Values.drain) 0) }}
{{- /* The kit drains by itself (MORROW_DRAIN); another image is held back here. */}}
lifecycle: {preStop: {sleep: {seconds: {{ .Values.drain | int }}}}}
{{- end }}{{ end }}
