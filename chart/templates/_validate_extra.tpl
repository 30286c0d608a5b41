{{/* Objects of one's own that stand in the way of the chart's; see _validate.tpl. */}}
{{- define "morrow.validate.extra" -}}
{{- $v := .Values -}}
{{- $kinds := splitList " " "Deployment StatefulSet Service ServiceAccount NetworkPolicy PodDisruptionBudget HorizontalPodAutoscaler ScaledObject VerticalPodAutoscaler Ingress HTTPRoute GRPCRoute PodMonitor ServiceMonitor PrometheusRule ExternalSecret Role RoleBinding Job CronJob" -}}
{{- $names := list $v.name (include "morrow.secretName" .) -}}
{{- range concat (list "metrics" "pods") (keys ($v.processes | default dict)) }}{{ $names = append $names (printf "%s-%s" $v.name .) }}{{ end -}}
{{- $selected := include "morrow.selector" . | fromYaml -}}
{{- $seen := dict (printf "ConfigMap %s %s-dashboard" $.Release.Namespace $v.name) "" (printf "Pod %s %s-test" $.Release.Namespace $v.name) "" -}}
{{- range $kind := $kinds }}{{ range $names }}{{ $_ := set $seen (printf "%s %s %s" $kind $.Release.Namespace .) "" }}{{ end }}{{ end -}}
{{- range $key, $object := $v.extra }}
{{- $metadata := $object.metadata | default dict }}
{{- $name := $metadata.name | default $key }}
{{- $identity := printf "%s %s %s" $object.kind ($metadata.namespace | default $.Release.Namespace) $name }}
{{- with get $seen $identity }}
extra.{{ $key }} is a {{ $object.kind }} called {{ $name }}, like extra.{{ . }}: give it another name.
{{- else }}{{ if hasKey $seen $identity }}
extra.{{ $key }} is a {{ $object.kind }} by the name {{ $name }}, which the chart uses itself: give it another.{{ end }}{{ end }}
{{- $_ := set $seen $identity $key }}
{{- $pods := get (dict "Pod" "metadata.labels" "CronJob" "spec.jobTemplate.spec.template.metadata.labels") $object.kind | default "spec.template.metadata.labels" }}
{{- $labels := include "morrow.inside" (dict "object" $object "path" $pods) | fromJson }}
{{- if eq (pick $labels "app.kubernetes.io/name" "app.kubernetes.io/component" | toJson) ($selected | toJson) }}
extra.{{ $key }} makes pods with the labels of the service, which would get its requests: give them other labels.{{ end }}
{{- $scaled := include "morrow.inside" (dict "object" $object "path" "spec.scaleTargetRef") | fromJson }}
{{- if and (has $object.kind (list "HorizontalPodAutoscaler" "ScaledObject")) $v.web.enabled (eq ($scaled.name | default "") $v.name) (eq ($scaled.kind | default "Deployment") $v.workload) }}
extra.{{ $key }} scales the service, whose number of pods {{ ternary "replicas" "autoscaling" (eq $v.autoscaling.mode "none") }} sets: use autoscaling instead.{{ end }}
{{- $budget := include "morrow.inside" (dict "object" $object "path" "spec.selector.matchLabels") | fromJson }}
{{- if and (eq $object.kind "PodDisruptionBudget") $v.pdb.enabled $budget (eq (merge dict $budget $selected | toJson) ($selected | toJson)) }}
extra.{{ $key }} is a second budget for the service's pods, and with two Kubernetes evicts none: use pdb, or write pdb.enabled: false.{{ end }}
{{- end }}{{ end }}

{{/* The map at a path inside an object of any kind, as JSON; an empty one elsewhere. It gets {object, path}. */}}
{{- define "morrow.inside" -}}
{{- $at := .object -}}
{{- range splitList "." .path }}{{ $at = get (ternary $at dict (kindIs "map" $at)) . }}{{ end -}}
{{ ternary $at dict (kindIs "map" $at) | toJson }}
{{- end }}
