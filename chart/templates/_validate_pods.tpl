{{/* Wrong combinations about the pods and what scales them; see _validate.tpl. */}}
{{- define "morrow.validate.pods" -}}
{{- $v := .Values -}}
{{- if and (ne $v.autoscaling.mode "none") (gt (int $v.autoscaling.min) (int $v.autoscaling.max)) }}
autoscaling.min is {{ $v.autoscaling.min }}, above autoscaling.max {{ $v.autoscaling.max }}.{{ end }}
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
