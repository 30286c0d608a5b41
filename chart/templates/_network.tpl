{{/* A peer of the NetworkPolicy from {namespace, pods}: of this namespace unless one is named. */}}
{{- define "morrow.peer" -}}
{{- with .namespace }}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . | quote }}}}{{ end }}
{{- if or .pods (not .namespace) }}
podSelector: {matchLabels: {{ .pods | default dict | toJson }}}{{ end }}
{{- end }}

{{/* The namespace of the pods that bring requests from outside. */}}
{{- define "morrow.gatewayNamespace" -}}
{{- if .Values.network.ingress.gateway -}}
{{ .Values.network.ingress.gateway }}
{{- else if eq .Values.route.mode "gateway" -}}
{{ .Values.route.gateway.namespace | default .Release.Namespace }}{{ end }}
{{- end }}

{{/* Each namespace that brings requests, as a list: a route may have a Gateway of its own. */}}
{{- define "morrow.gatewayNamespaces" -}}
{{- $found := list (include "morrow.gatewayNamespace" .) -}}
{{- if not .Values.network.ingress.gateway -}}
{{- range .Values.routes }}{{ $found = append $found ((.gateway | default dict).namespace | default "") }}{{ end -}}
{{- end -}}
{{ $found | compact | uniq | toJson }}
{{- end }}

{{/* Where a pod may connect to. */}}
{{- define "morrow.egress" -}}
# Names are looked up wherever the cluster's DNS is: a pod, a node, an address of the cloud.
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
# EKS Pod Identity's agent, on each node.
- ports: [{port: 80, protocol: TCP}]
  to: [{ipBlock: {cidr: 169.254.170.23/32}}, {ipBlock: {cidr: "fd00:ec2::23/128"}}]
{{- range .Values.network.egress.to }}
- to:
    {{- if .cidr }}
    - ipBlock: {cidr: {{ .cidr | quote }}}
    {{- else }}
    - {{ include "morrow.peer" . | trim | nindent 6 | trim }}{{ end }}
  {{- with .ports }}
  ports:
    {{- range . }}
    - {port: {{ . | int }}, protocol: TCP}{{ end }}
  {{- end }}{{ end }}{{ end }}
