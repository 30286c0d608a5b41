{{/* Routes that nothing serves, and services that nothing reaches so; see _validate.tpl. */}}
{{- define "morrow.validate.routes" -}}
{{- $v := .Values -}}
{{- $offered := list -}}
{{- range include "morrow.servicePorts" . | fromYamlArray }}{{ $offered = append $offered .name }}{{ end -}}
{{- if and $v.routes (eq $v.route.mode "none") }}
routes are stated, and route.mode is none: write route.mode: gateway or ingress, or take them out.{{ end }}
{{- range $where, $route := merge (dict "route" $v.route) (include "morrow.prefixed" $v.routes | fromJson) }}
{{- if $route }}
{{- if not (or $route.hosts $v.route.hosts (eq $where "route")) }}
{{ $where }}.hosts is empty, and so is route.hosts: state the host names.{{ end }}
{{- if and $route.port (not (has $route.port $offered)) }}
{{ $where }}.port is {{ $route.port }}, and the Service's ports are {{ join ", " $offered }}: name one of them.{{ end }}
{{- $times := $route.timeouts | default dict }}
{{- if and $times.request $times.backendRequest }}
{{- $whole := include "morrow.milliseconds" $times.request | int64 }}
{{- if and $whole (gt (include "morrow.milliseconds" $times.backendRequest | int64) $whole) }}
{{ $where }}.timeouts.backendRequest is {{ $times.backendRequest }}, and the whole request may take {{ $times.request }}: make it shorter.{{ end }}
{{- end }}
{{- $types := list -}}
{{- $prefix := false -}}
{{- range $route.filters }}
{{- if and (has .type $types) (ne .type "ExtensionRef") }}
{{ $where }}.filters has {{ .type }} twice: make one of them.{{ end }}
{{- $types = append $types .type }}
{{- $filter := . }}
{{- range $kind := list "requestHeaderModifier" "responseHeaderModifier" }}
{{- range $verb := list "set" "add" }}
{{- $names := list }}
{{- range dig $kind $verb list $filter }}{{ $names = append $names (lower .name) }}{{ end }}
{{- if ne (len $names) (len (uniq $names)) }}
{{ $where }}.filters: {{ $kind }}.{{ $verb }} names a header twice: keep one of them.{{ end }}
{{- end }}{{ end }}
{{- if eq (dig "urlRewrite" "path" "type" "" .) "ReplacePrefixMatch" }}{{ $prefix = true }}{{ end -}}
{{- end }}
{{- if and (has "RequestRedirect" $types) (has "URLRewrite" $types) }}
{{ $where }}.filters redirects and rewrites: keep one of them.{{ end }}
{{- if and $prefix $route.paths }}
{{ $where }}.filters replaces the beginning of a path, and there are several in paths: make a route of each.{{ end }}
{{- if and (eq ($route.protocol | default "http") "grpc") (or $route.timeouts $route.paths (ne ($route.path | default "/") "/") (has "RequestRedirect" $types) (has "URLRewrite" $types)) }}
{{ $where }}.protocol is grpc, whose route knows no paths, timeouts, redirects and rewrites: take them out.{{ end }}
{{- if eq $v.route.mode "ingress" }}
{{- range $key := list "filters" "timeouts" }}
{{- if get $route $key }}
{{ $where }}.{{ $key }} belong to a Gateway's route, and route.mode is ingress: use the controller's annotations.{{ end }}
{{- end }}
{{- if eq ($route.protocol | default "http") "grpc" }}
{{ $where }}.protocol is grpc, and route.mode is ingress: write route.mode: gateway, or use the controller's annotations.{{ end }}
{{- end }}
{{- if and (eq $v.route.mode "gateway") (ne $where "route") (or $route.className ($route.tls | default dict).secret) }}
{{ $where }} states className or tls, and route.mode is gateway: both belong to an Ingress.{{ end }}
{{- end }}{{ end }}
{{- $taken := dict }}
{{- range $route := include "morrow.routes" . | fromJsonArray }}
{{- $where := ternary "route" (printf "routes.%s" (trimPrefix (printf "%s-" $v.name) .object)) (eq .object $v.name) }}
{{- range $host := .hosts }}
{{- range $path := prepend ($route.paths | default list) $route.path }}
{{- /* Another listener is another way: a redirect from http to https has the same host and path. */}}
{{- $way := printf "%s %s %s%s" $route.protocol (toJson $route.gateway) $host $path }}
{{- if hasKey $taken $way }}
{{ $where }} leads {{ $host }}{{ $path }} here, as {{ get $taken $way }} does: give them different hosts or paths.{{ end }}
{{- if ne $route.protocol "grpc" }}{{ $_ := set $taken $way $where }}{{ end }}
{{- end }}{{ end }}{{ end }}
{{- if and (ne $v.service.type "LoadBalancer") $v.service.loadBalancerClass }}
service.loadBalancerClass is stated, and service.type is {{ $v.service.type }}: write type: LoadBalancer, or take it out.{{ end }}
{{- if and (eq $v.service.type "ClusterIP") $v.service.externalTrafficPolicy }}
service.externalTrafficPolicy is stated, and service.type is ClusterIP, which nothing outside reaches: take it out.{{ end }}
{{- end }}

{{/* A map with its keys written as people write them in a sentence: routes.api. */}}
{{- define "morrow.prefixed" -}}
{{- $found := dict -}}
{{- range $name, $route := . }}{{ $_ := set $found (printf "routes.%s" $name) $route }}{{ end -}}
{{ toJson $found }}{{ end }}

{{/* A duration such as 30s or 500ms, as a number. */}}
{{- define "morrow.milliseconds" -}}
{{ mul (regexFind "^[0-9]+" . | int64) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) (regexFind "[a-z]+$" .)) }}
{{- end }}
