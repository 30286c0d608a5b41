{{/* Wrong combinations about the pods; see _validate.tpl. */}}
{{- define "morrow.validate.pods" -}}
{{- $v := .Values -}}
{{- with $v.autoscaling }}
{{- if eq .mode "hpa" }}
{{- if gt (int .min) (int .max) }}
autoscaling.min is {{ .min }}, above autoscaling.max {{ .max }}.{{ end }}
{{- if not (or (int .cpu) (int .memory) .pods .external .objects) }}
autoscaling.mode is hpa without a target: set autoscaling.cpu, memory, pods, external or objects.{{ end }}
{{- range $resource := list "cpu" "memory" }}
{{- if and (int (get $v.autoscaling $resource)) (not (get $v.resources.requests $resource)) }}
autoscaling.{{ $resource }} is a share of resources.requests.{{ $resource }}, which is not set.{{ end }}
{{- end }}{{ end }}{{ end }}
{{- $fewest := include "morrow.fewest" . | int }}
{{- if and $v.pdb.enabled (ge $fewest 2) (ge (int $v.pdb.maxUnavailable) $fewest) }}
pdb.maxUnavailable is {{ $v.pdb.maxUnavailable }} of {{ $fewest }} pods: a drain could take all of them at once.{{ end }}
{{- $budget := add (mul $v.probes.startup.periodSeconds $v.probes.startup.failureThreshold) $v.rollout.minReadySeconds }}
{{- if le (int $v.rollout.progressDeadlineSeconds) (int $budget) }}
rollout.progressDeadlineSeconds is {{ $v.rollout.progressDeadlineSeconds }}, and a pod may take {{ $budget }} s (probes.startup.periodSeconds x failureThreshold + rollout.minReadySeconds): raise it above that.
{{- end }}
{{- if and $v.ports.admin (eq (int $v.ports.http) (int $v.ports.admin)) }}
ports.http and ports.admin are both {{ $v.ports.http }}.{{ end }}
{{- range $where, $labels := dict "labels" $v.labels "pod.labels" $v.pod.labels "observability.monitor.labels" $v.observability.monitor.labels "observability.rules.labels" $v.observability.rules.labels "observability.dashboard.labels" $v.observability.dashboard.labels }}
{{- range $name, $_ := $labels }}
{{- if regexMatch "^app[.]kubernetes[.]io/(name|component|instance|managed-by)$" $name }}
{{ $where }}.{{ $name }} is one of the chart's own labels: choose another name.{{ end }}
{{- end }}{{ end }}{{ end }}

{{/* A quantity as a number, so that two can be compared. */}}
{{- define "morrow.amount" -}}
{{- $units := dict "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 -}}
{{- mulf (regexFind "^[0-9.]+" (toString .) | float64) (get $units (regexFind "[a-zA-Z]+$" (toString .)) | default 1.0) -}}
{{- end }}

{{- define "morrow.validate.resources" -}}
{{- $v := .Values -}}
{{- $all := dict "resources" $v.resources -}}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $container := index $v $place }}
{{- with $container.resources }}{{ $_ := set $all (printf "%s.%s.resources" $place $name) . }}{{ end }}
{{- end }}{{ end }}
{{- range $where, $resources := $all }}
{{- include "morrow.validate.amounts" (dict "where" $where "resources" $resources) }}
{{- range $what, $request := $resources.requests | default dict }}
{{- $limit := get ($resources.limits | default dict) $what }}
{{- if and $request $limit (gt (include "morrow.amount" $request | float64) (include "morrow.amount" $limit | float64)) }}
{{ $where }}.requests.{{ $what }} is {{ $request }}, above {{ $where }}.limits.{{ $what }} {{ $limit }}: raise the limit too.{{ end }}
{{- end }}{{ end }}
{{- range $what := list "cpu" "memory" }}
{{- if and (eq $v.autoscaling.mode "hpa") (int (get $v.autoscaling $what)) }}
{{- range $name, $sidecar := $v.sidecars }}
{{- with $sidecar.resources }}
{{- if not (or (get (.requests | default dict) $what) (get (.limits | default dict) $what)) }}
autoscaling.{{ $what }} is a share of what all containers ask for, and sidecars.{{ $name }}.resources.requests.{{ $what }} is not set.{{ end }}
{{- end }}{{ end }}{{ end }}{{ end }}{{ end }}
