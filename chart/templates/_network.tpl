{{/* A peer of the NetworkPolicy from {namespace, pods}, as JSON: of this namespace unless one is named. */}}
{{- define "morrow.peer" -}}
{{- $peer := dict -}}
{{- with .namespace }}{{ $_ := set $peer "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" .)) }}{{ end -}}
{{- if or .pods (not .namespace) }}{{ $_ := set $peer "podSelector" (dict "matchLabels" (.pods | default dict)) }}{{ end -}}
{{ toJson $peer }}
{{- end }}

{{/* Each namespace whose pods bring requests from outside, as a list: a route may have a Gateway of its own. */}}
{{- define "morrow.gatewayNamespaces" -}}
{{- $found := list .Values.network.ingress.gateway -}}
{{- if and (not .Values.network.ingress.gateway) (eq .Values.route.mode "gateway") -}}
{{- $found = append $found (.Values.route.gateway.namespace | default .Release.Namespace) -}}
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
- to: [{{ if .cidr }}{{ dict "ipBlock" (pick . "cidr") | toJson }}{{ else }}{{ include "morrow.peer" . }}{{ end }}]
  {{- with .ports }}
  ports:
    {{- range . }}
    - {port: {{ . | int }}, protocol: TCP}{{ end }}
  {{- end }}{{ end }}{{ end }}
