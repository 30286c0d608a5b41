{{/*
The ways from outside, as a list: `route` first, then each of `routes`, which takes the hosts, the
class and the Gateway that it does not state from `route`. None when the mode is none.
*/}}
{{- define "morrow.routes" -}}
{{- $main := .Values.route -}}
{{- $found := list -}}
{{- if and (ne $main.mode "none") $main.hosts -}}
{{- $found = append $found (merge (dict "object" .Values.name "backend" (include "morrow.backend" (dict "root" . "port" $main.port))) $main) -}}
{{- end -}}
{{- range $name, $route := .Values.routes -}}
{{- if ne $main.mode "none" -}}
{{- $own := dict "object" (printf "%s-%s" $.Values.name $name) "mode" $main.mode "backend" (include "morrow.backend" (dict "root" $ "port" $route.port)) -}}
{{- $found = append $found (merge $own $route (pick $main "hosts" "className" "gateway") (dict "path" "/" "protocol" "http")) -}}
{{- end -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{/* The number of the Service's port by its name; http when none is named. */}}
{{- define "morrow.backend" -}}
{{- range include "morrow.servicePorts" .root | fromYamlArray }}{{ if eq .name ($.port | default "http") }}{{ .port | int }}{{ end }}{{ end -}}
{{- end }}

{{/* Where a route of the Gateway API hangs, and for which hosts. */}}
{{- define "morrow.routeWay" -}}
{{- with .gateway -}}
parentRefs:
  - name: {{ .name | quote }}
    {{- with .namespace }}
    namespace: {{ . | quote }}{{ end }}
    {{- with .section }}
    sectionName: {{ . | quote }}{{ end }}
{{- end }}
hostnames: {{ toJson .hosts }}
{{- end }}

{{/* What a rule does with a request: filters, and the Service unless one of them redirects. */}}
{{- define "morrow.routeRule" -}}
{{- $redirects := false -}}
{{- range .route.filters }}{{ if eq .type "RequestRedirect" }}{{ $redirects = true }}{{ end }}{{ end -}}
{{- with .route.filters }}
filters: {{- toYaml . | nindent 2 }}{{ end }}
{{- if not $redirects }}
backendRefs: [{name: {{ .root.Values.name | quote }}, port: {{ .route.backend }}}]{{ end }}
{{- end }}
