{{/* Probes and amounts that cannot be meant; see _validate.tpl. */}}
{{- define "morrow.validate.probes" -}}
{{- with .Values.probes }}
{{- $patience := list (mul .liveness.periodSeconds .liveness.failureThreshold) (mul .readiness.periodSeconds .readiness.failureThreshold) }}
{{- if contains "ready" (lower .liveness.path) }}
probes.liveness.path is {{ .liveness.path }}, which asks for readiness: a pod that cannot serve for a while would be restarted. Ask for life only, or leave it empty.
{{- else if and .liveness.path (eq .liveness.path .readiness.path) (le (first $patience) (last $patience)) }}
probes.liveness.path is probes.readiness.path, and it is no more patient: raise probes.liveness.failureThreshold, so that a pod leaves the Service before it is restarted.
{{- end }}{{ end }}{{ end }}

{{/* A quantity as a number, so that two can be compared. */}}
{{- define "morrow.amount" -}}
{{- $units := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- mulf (regexFind "^[0-9.]+" (toString .) | float64) (get $units (regexFind "[a-zA-Z]+$" (toString .)) | default 1.0) -}}
{{- end }}

{{- define "morrow.validate.resources" -}}
{{- $v := .Values -}}
{{- $all := dict "resources" $v.resources "autoscaling.vertical" (dict "requests" ($v.autoscaling.vertical.least) "limits" ($v.autoscaling.vertical.most)) -}}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $container := index $v $place }}
{{- with $container.resources }}{{ $_ := set $all (printf "%s.%s.resources" $place $name) . }}{{ end }}
{{- range $what := list "cpu" "memory" }}
{{- if and (eq $place "sidecars") (eq $v.autoscaling.mode "hpa") (int (get $v.autoscaling $what)) $container.resources (not (dig "requests" $what (dig "limits" $what "" $container.resources) $container.resources)) }}
autoscaling.{{ $what }} is a share of what all containers ask for, and sidecars.{{ $name }}.resources.requests.{{ $what }} is not set.{{ end }}
{{- end }}{{ end }}{{ end }}
{{- range $where, $resources := $all }}
{{- include "morrow.validate.amounts" (dict "where" $where "resources" $resources) }}{{ end }}
{{- end }}

{{/* Amounts that nobody means: a factor of a thousand was lost. It gets {where, resources}. */}}
{{- define "morrow.validate.amounts" -}}
{{- $words := ternary (dict "requests" "least" "limits" "most") (dict "requests" "requests" "limits" "limits") (hasSuffix "vertical" .where) }}
{{- range $place, $word := $words }}
{{- range $what, $text := index $.resources $place }}
{{- $amount := include "morrow.amount" $text | float64 }}
{{- if and (eq $what "cpu") (or (gt $amount 256.0) (lt $amount 0.001)) }}
{{ $.where }}.{{ $word }}.cpu is {{ $text }} processors: write 500m for half of one.
{{- else if and (eq $what "memory") (or (lt $amount 4194304.0) (gt $amount 13194139533312.0)) }}
{{ $.where }}.{{ $word }}.memory is {{ $text }}, and a container needs 4Mi at least and 12Ti at most: write 256Mi or 1Gi.
{{- else if and (eq $what "ephemeral-storage") (lt $amount 1048576.0) }}
{{ $.where }}.{{ $word }}.ephemeral-storage is {{ $text }}, less than 1Mi: write 64Mi.{{ end }}
{{- $limit := index ($.resources.limits | default dict) $what }}
{{- if and (eq $place "requests") (regexMatch "/|^hugepages-" $what) (ne (toString $limit) $text) }}
{{ $.where }}.requests.{{ $what }} is {{ $text }}, and a device is asked for by its limit: write it under {{ $.where }}.limits alone.{{ end }}
{{- if and (eq $place "requests") $limit (gt $amount (include "morrow.amount" $limit | float64)) }}
{{ $.where }}.{{ $word }}.{{ $what }} is {{ $text }}, above {{ $.where }}.{{ $words.limits }}.{{ $what }} {{ $limit }}: raise the limit too.{{ end }}
{{- end }}{{ end }}{{ end }}
