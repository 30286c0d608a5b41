{{/* The ports that the service's container listens on. */}}
{{- define "morrow.ports" -}}
{{- range $name := list "http" "admin" }}
{{- with get $.Values.ports $name }}
- {name: {{ $name }}, containerPort: {{ . | int }}}{{ end }}{{ end }}
{{- range $name, $port := .Values.ports.more }}
- {name: {{ $name | quote }}, containerPort: {{ $port.port | int }}, protocol: {{ $port.protocol | default "TCP" }}}{{ end }}
{{- end }}

{{/* The ports of the Service: `http`, and those of ports.more that are not kept off it. */}}
{{- define "morrow.servicePorts" -}}
{{- $service := .Values.service -}}
- name: http
  port: {{ $service.port | int }}
  targetPort: {{ $service.targetPort | default "http" | quote }}
  protocol: TCP
  {{- with $service.appProtocol }}
  appProtocol: {{ . | quote }}{{ end }}
{{- range $name, $port := .Values.ports.more }}
{{- if ne (include "morrow.offered" $port) "0" }}
- name: {{ $name | quote }}
  port: {{ include "morrow.offered" $port }}
  targetPort: {{ $name | quote }}
  protocol: {{ $port.protocol | default "TCP" }}
  {{- with $port.appProtocol }}
  appProtocol: {{ . | quote }}{{ end }}
{{- end }}{{ end }}{{ end }}

{{/* The Service's port for an entry of ports.more; 0 when it is not on the Service. */}}
{{- define "morrow.offered" -}}
{{ if hasKey . "service" }}{{ .service | int }}{{ else }}{{ .port | int }}{{ end }}
{{- end }}

{{/* The port, by its name, that metrics are read from; a worker has no other than its admin port. */}}
{{- define "morrow.metricsPort" -}}
{{- if .process -}}
{{ ternary "admin" "" (and (eq .kind "worker") (hasKey .Values.ports "admin")) }}
{{- else -}}
{{ .Values.observability.monitor.port | default (include "morrow.adminPort" .) }}{{ end }}
{{- end }}

{{- define "morrow.metricsName" -}}
{{ with .process }}{{ . }}-{{ end }}metrics
{{- end }}
