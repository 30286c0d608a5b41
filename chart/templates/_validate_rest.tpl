{{/* Wrong combinations about what is around the pods; see _validate.tpl. */}}
{{- define "morrow.validate.route" -}}
{{- with .Values.route }}
{{- if and (ne .mode "none") (not .hosts) (not $.Values.routes) }}
route.mode is {{ .mode }}, and route.hosts is empty: state the host names.{{ end }}
{{- if eq .mode "gateway" }}
{{- if not .gateway.name }}
route.mode is gateway, and route.gateway.name is empty: name the Gateway.{{ end }}
{{- if .tls.secret }}
route.tls.secret is stated, and route.mode is gateway: the certificate is the Gateway's own business.{{ end }}
{{- if .className }}
route.className is stated, and route.mode is gateway: it belongs to an Ingress.{{ end }}
{{- end }}
{{- if and (eq .mode "ingress") .gateway.name }}
route.gateway.name is stated, and route.mode is ingress: write mode: gateway, or take it out.{{ end }}
{{- end }}{{ end }}

{{- define "morrow.validate.network" -}}
{{- $v := .Values -}}
{{- with $v.network }}
{{- if .policy }}
{{- if and (eq $v.route.mode "ingress") (not .ingress.gateway) (not .ingress.cidrs) }}
route.mode is ingress, and the NetworkPolicy would keep its controller out: name its namespace in network.ingress.gateway, or its addresses in network.ingress.cidrs.
{{- end }}
{{- if and (ne $v.service.type "ClusterIP") (not .ingress.cidrs) }}
service.type is {{ $v.service.type }}, and the NetworkPolicy would keep callers out: state their addresses in network.ingress.cidrs.{{ end }}
{{- else }}
{{- if or .egress .ingress.from .ingress.cidrs .ingress.gateway }}
network.policy is false, so network.ingress and network.egress would mean nothing: take them out, or write policy: true.{{ end }}
{{- end }}
{{- range $name, $cidr := .ingress.cidrs }}
{{- include "morrow.validate.cidr" (dict "where" (printf "network.ingress.cidrs.%s" $name) "cidr" $cidr) }}{{ end }}
{{- range $name, $to := (.egress.to | default dict) }}
{{- with $to.cidr }}
{{- include "morrow.validate.cidr" (dict "where" (printf "network.egress.to.%s.cidr" $name) "cidr" .) }}{{ end }}
{{- if and $to.cidr (or $to.namespace $to.pods) }}
network.egress.to.{{ $name }} states cidr together with namespace or pods: make two entries of it.{{ end }}
{{- if not (or $to.cidr $to.namespace $to.pods) }}
network.egress.to.{{ $name }} states ports only: say where to, by cidr, namespace or pods.{{ end }}
{{- end }}{{ end }}{{ end }}

{{- define "morrow.validate.observability" -}}
{{- $v := .Values -}}
{{- with $v.observability }}
{{- $seconds := mul (regexFind "^[0-9]+" .monitor.interval | int) (ternary 60 1 (hasSuffix "m" .monitor.interval)) }}
{{- if and .rules.enabled (ne .monitor.kind "none") (gt (mul $seconds .rules.speed) 120) }}
observability.monitor.interval is {{ .monitor.interval }}, and the alerts of observability.rules look at {{ div 300 .rules.speed }} seconds, which need two readings at least: read every {{ div 120 .rules.speed }}s or more often.{{ end }}
{{- range $label, $_ := .rules.routing }}
{{- if has $label (list "alertname" "namespace" "process" "service" "severity") }}
observability.rules.routing.{{ $label }} is set by the chart on every alert: take another name.{{ end }}{{ end }}{{ end }}
{{- if not (include "morrow.kit" .) }}
{{- range list "rules" "dashboard" }}
{{- if (get $v.observability .).enabled }}
observability.{{ . }}.enabled needs the kit's metrics, and the image is built without it (image.kit, ports.admin): switch it off, or bring rules of your own under extra.
{{- end }}{{ end }}{{ end }}{{ end }}

{{- define "morrow.validate.others" -}}
{{- $v := .Values -}}
{{- if and $v.serviceAccount.annotations (not $v.serviceAccount.create) }}
serviceAccount.annotations are stated, and serviceAccount.create is false: annotate that account where it is made.{{ end }}
{{- if not (include "morrow.kit" .) }}
{{- if and $v.test.command (not $v.test.image) }}
test.command is stated, and an image without the kit is tested only with test.image: state it.{{ end }}
{{- end }}
{{- if and $v.test.image (not $v.test.command) }}
test.image is stated without test.command: say what it runs; SERVICE_URL holds the address.{{ end }}
{{- end }}
