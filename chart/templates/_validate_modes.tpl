{{/* Keys that were taken away, a mode that was forgotten, probes and amounts that cannot be meant; see _validate.tpl. */}}
{{/* The keys that have a default and were taken away all the same: files/needed.txt lists them. */}}
{{- define "morrow.validate.needed" -}}
{{- range $path := .Files.Get "files/needed.txt" | trim | splitList "\n" }}
{{- $at := $.Values }}
{{- $steps := splitList "." $path }}
{{- range initial $steps }}{{ $at = ternary (get ($at | default dict) .) nil (kindIs "map" $at) }}{{ end }}
{{- if and (kindIs "map" $at) (not (hasKey $at (last $steps))) }}
{{ $path }} is null or an empty block: take the line out, and the chart's default counts, or write a value.{{ end }}
{{- end }}{{ end }}

{{- define "morrow.validate.modes" -}}
{{- $v := .Values -}}
{{- if eq $v.route.mode "none" }}
{{- range $key, $stated := dict "hosts" $v.route.hosts "className" $v.route.className "tls.secret" $v.route.tls.secret "gateway.name" $v.route.gateway.name "annotations" $v.route.annotations }}
{{- if $stated }}
route.{{ $key }} is stated, and route.mode is none: write route.mode: gateway or ingress, or take it out.{{ end }}
{{- end }}{{ end }}
{{- if eq $v.autoscaling.mode "none" }}
{{- range $key, $default := dict "min" 2 "max" 10 "cpu" 70 "memory" 0 }}
{{- if ne (int (get $v.autoscaling $key)) $default }}
autoscaling.{{ $key }} is {{ get $v.autoscaling $key }}, and autoscaling.mode is none: write mode: hpa, or take all of it away (autoscaling: null).{{ end }}
{{- end }}
{{- if $v.autoscaling.behavior }}
autoscaling.behavior is stated, and autoscaling.mode is none: write mode: hpa, or take all of it away (autoscaling: null).{{ end }}
{{- if not (hasKey $v "replicas") }}
replicas is null, and autoscaling.mode is none: state the number of pods.{{ end }}
{{- else if ne (int ($v.replicas | default 2)) 2 }}
replicas is {{ $v.replicas }}, and autoscaling.mode is {{ $v.autoscaling.mode }}, which sets the number of pods: take replicas out (replicas: null).{{ end }}
{{- end }}

{{/* Paths that the API refuses, which are no different ones to a browser either. */}}
{{- define "morrow.validate.paths" -}}
{{- $all := dict "route.path" (list .Values.route.path) "route.paths" .Values.route.paths -}}
{{- range $name, $route := .Values.routes }}
{{- $_ := set $all (printf "routes.%s.path" $name) (list ($route.path | default "/")) }}
{{- $_ := set $all (printf "routes.%s.paths" $name) ($route.paths | default list) }}
{{- end }}
{{- range $where, $paths := $all }}
{{- range $paths }}
{{- if regexMatch "//|/[.][.]?(/|$)|%2[fF]" . }}
{{ $where }} is {{ . }}, and routes refuse //, /./, /../ and an escaped slash: write the plain path.{{ end }}
{{- end }}{{ end }}{{ end }}

{{- define "morrow.validate.probes" -}}
{{- with .Values.probes }}
{{- if contains "ready" (lower .liveness.path) }}
probes.liveness.path is {{ .liveness.path }}, which asks for readiness: a pod that cannot serve for a while would be restarted. Ask for life only, or leave it empty.
{{- else if and .liveness.path (eq .liveness.path .readiness.path) }}
{{- $patience := list (mul .liveness.periodSeconds .liveness.failureThreshold) (mul .readiness.periodSeconds .readiness.failureThreshold) }}
{{- if le (first $patience) (last $patience) }}
probes.liveness.path is probes.readiness.path, and it is no more patient: raise probes.liveness.failureThreshold, so that a pod leaves the Service before it is restarted.
{{- end }}{{ end }}{{ end }}{{ end }}

{{/* Amounts that nobody means: a factor of a thousand was lost. It gets {where, resources}. */}}
{{- define "morrow.validate.amounts" -}}
{{- range $place := list "requests" "limits" }}
{{- range $what, $text := index ($.resources | default dict) $place }}
{{- if has $what (list "cpu" "memory" "ephemeral-storage") }}
{{- $amount := include "morrow.amount" $text | float64 }}
{{- if and (eq $what "cpu") (or (gt $amount 256.0) (lt $amount 0.001)) }}
{{ $.where }}.{{ $place }}.cpu is {{ $text }} processors: write 500m for half of one.
{{- else if and (eq $what "memory") (or (lt $amount 4194304.0) (gt $amount 13194139533312.0)) }}
{{ $.where }}.{{ $place }}.memory is {{ $text }}, and a container needs 4Mi at least and 12Ti at most: write 256Mi or 1Gi.
{{- else if and (eq $what "ephemeral-storage") (lt $amount 1048576.0) }}
{{ $.where }}.{{ $place }}.ephemeral-storage is {{ $text }}, less than 1Mi: write 64Mi.{{ end }}
{{- end }}{{ end }}{{ end }}{{ end }}
