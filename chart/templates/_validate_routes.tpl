{{/* Routes that nothing serves, and services that nothing reaches so; see _validate.tpl. */}}
{{- define "morrow.validate.routes" -}}
{{- $v := .Values -}}
{{- $offered := list -}}
{{- range include "morrow.servicePorts" . | fromYamlArray }}{{ if eq .protocol "TCP" }}{{ $offered = append $offered .name }}{{ end }}{{ end -}}
{{- $all := dict "route" $v.route -}}
{{- range $name, $route := $v.routes }}{{ $_ := set $all (printf "routes.%s" $name) $route }}{{ end -}}
{{- range $where, $route := $all }}
{{- if and $route.port (not (has $route.port $offered)) }}
{{ $where }}.port is {{ $route.port }}, and the Service's ports are {{ join ", " $offered }}: name one of them.{{ end }}
{{- range $key, $paths := dict "path" (list ($route.path | default "/")) "paths" $route.paths }}
{{- range $paths }}
{{- if regexMatch "//|/[.][.]?(/|$)|%2[fF]" . }}
{{ $where }}.{{ $key }} is {{ . }}, and routes refuse //, /./, /../ and an escaped slash: write the plain path.{{ end }}
{{- end }}{{ end }}
{{- $times := $route.timeouts | default dict }}
{{- $whole := include "morrow.milliseconds" $times.request | int64 }}
{{- if and $whole (gt (include "morrow.milliseconds" $times.backendRequest | int64) $whole) }}
{{ $where }}.timeouts.backendRequest is {{ $times.backendRequest }}, and the whole request may take {{ $times.request }}: make it shorter.{{ end }}
{{- $types := list -}}
{{- range $filter := $route.filters }}
{{- if and (has .type $types) (ne .type "ExtensionRef") }}
{{ $where }}.filters has {{ .type }} twice: make one of them.{{ end }}
{{- $types = append $types .type }}
{{- range $kind, $verbs := pick $filter "requestHeaderModifier" "responseHeaderModifier" }}
{{- range $verb, $headers := pick $verbs "set" "add" }}
{{- $names := list }}{{ range $headers }}{{ $names = append $names (lower .name) }}{{ end }}
{{- if ne (len $names) (len (uniq $names)) }}
{{ $where }}.filters: {{ $kind }}.{{ $verb }} names a header twice: keep one of them.{{ end }}
{{- end }}{{ end }}
{{- if and $route.paths (eq (dig "urlRewrite" "path" "type" "" .) "ReplacePrefixMatch") }}
{{ $where }}.filters replaces the beginning of a path, and there are several in paths: make a route of each.{{ end }}
{{- end }}
{{- $changes := or (has "RequestRedirect" $types) (has "URLRewrite" $types) }}
{{- if and (has "RequestRedirect" $types) (has "URLRewrite" $types) }}
{{ $where }}.filters redirects and rewrites: keep one of them.{{ end }}
{{- if and (eq ($route.protocol | default "http") "grpc") (or $route.timeouts $route.paths (ne ($route.path | default "/") "/") $changes) }}
{{ $where }}.protocol is grpc, whose route knows no paths, timeouts, redirects and rewrites: take them out.{{ end }}
{{- end }}
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
{{- end }}{{ end }}{{ end }}{{ end }}

{{/* A duration such as 30s or 500ms, as a number; 0 for none. */}}
{{- define "morrow.milliseconds" -}}
{{- $all := 0 -}}
{{- range regexFindAll "[0-9]+[a-z]+" (. | default "0s") -1 -}}
{{- $all = add $all (mul (regexFind "^[0-9]+" . | int64) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) (regexFind "[a-z]+$" .))) -}}
{{- end -}}
{{ $all }}
{{- end }}
