{{/* One probe. It gets {root, kind, own}: own is the kit's path on the admin port. */}}
{{- define "morrow.probe" -}}
{{- $probe := get .root.Values.probes .kind -}}
{{- $path := $probe.path -}}
{{- if and (not $path) .root.Values.ports.admin -}}
{{- $path = .own -}}
{{- end -}}
{{- if $path -}}
httpGet: {path: {{ $path | quote }}, port: {{ include "morrow.adminPort" .root }}}
{{- else -}}
tcpSocket: {port: http}
{{- end }}
periodSeconds: {{ $probe.periodSeconds | int }}
failureThreshold: {{ $probe.failureThreshold | int }}
timeoutSeconds: {{ $probe.timeoutSeconds | int }}
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
