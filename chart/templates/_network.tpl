{{/* A peer of the NetworkPolicy from {namespace, pods}: of this namespace unless one is named. */}}
{{- define "morrow.peer" -}}
{{- with .namespace }}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . | quote }}}}
{{- end }}
{{- if or .pods (not .namespace) }}
podSelector: {matchLabels: {{ .pods | default dict | toJson }}}
{{- end }}
{{- end }}

{{/* The namespace of the pods that bring requests from outside. */}}
{{- define "morrow.gatewayNamespace" -}}
{{- if .Values.network.ingress.gateway -}}
{{ .Values.network.ingress.gateway }}
{{- else if eq .Values.route.mode "gateway" -}}
{{ .Values.route.gateway.namespace | default .Release.Namespace }}
{{- end }}
{{- end }}
