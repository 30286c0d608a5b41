{{/* Objects of one's own that stand in the way of the chart's; see _validate.tpl. */}}
{{- define "morrow.validate.extra" -}}
{{- $v := .Values -}}
{{- $kinds := list "Deployment" "StatefulSet" "Service" "ServiceAccount" "NetworkPolicy" "PodDisruptionBudget" "HorizontalPodAutoscaler" "ScaledObject" "VerticalPodAutoscaler" "Ingress" "HTTPRoute" "GRPCRoute" "PodMonitor" "ServiceMonitor" "PrometheusRule" "ExternalSecret" "Role" "RoleBinding" "Job" "CronJob" -}}
{{- $names := list $v.name (printf "%s-metrics" $v.name) (printf "%s-test" $v.name) (printf "%s-dashboard" $v.name) (printf "%s-pods" $v.name) (include "morrow.secretName" .) -}}
{{- range $name, $_ := $v.processes }}{{ $names = append $names (printf "%s-%s" $v.name $name) }}{{ end -}}
{{- $selected := include "morrow.selector" . | fromYaml -}}
{{- $seen := dict -}}
{{- range $key, $object := $v.extra }}
{{- $metadata := $object.metadata | default dict }}
{{- $name := $metadata.name | default $key }}
{{- if eq $object.kind "Secret" }}
extra.{{ $key }} is a Secret, whose values would stand in Helm's release: make it with kubectl and name it in secrets.name.{{ end }}
{{- if eq $object.kind "List" }}
extra.{{ $key }} is a List: write an entry for each object.{{ end }}
{{- if or (and (has $name $names) (has $object.kind $kinds)) (and (eq $object.kind "ConfigMap") (eq $name (printf "%s-dashboard" $v.name))) (and (eq $object.kind "Pod") (eq $name (printf "%s-test" $v.name))) }}
extra.{{ $key }} is a {{ $object.kind }} by the name {{ $name }}, which the chart uses itself: give it another.{{ end }}
{{- $identity := printf "%s %s %s" $object.kind ($metadata.namespace | default "") $name }}
{{- if hasKey $seen $identity }}
extra.{{ $key }} is a {{ $object.kind }} called {{ $name }}, like extra.{{ get $seen $identity }}: give it another name.{{ end }}
{{- $_ := set $seen $identity $key }}
{{- $labels := ternary ($metadata.labels | default dict) (dig "spec" "template" "metadata" "labels" dict $object) (eq $object.kind "Pod") }}
{{- if eq $object.kind "CronJob" }}{{ $labels = dig "spec" "jobTemplate" "spec" "template" "metadata" "labels" dict $object }}{{ end }}
{{- if eq (pick ($labels | default dict) "app.kubernetes.io/name" "app.kubernetes.io/component" | toJson) ($selected | toJson) }}
extra.{{ $key }} makes pods with the labels of the service, which would get its requests: give them other labels.{{ end }}
{{- $scaled := dig "spec" "scaleTargetRef" dict $object }}
{{- if and (has $object.kind (list "HorizontalPodAutoscaler" "ScaledObject")) $v.web.enabled (eq ($scaled.name | default "") $v.name) (eq ($scaled.kind | default "Deployment") $v.workload) }}
extra.{{ $key }} scales the service, whose number of pods {{ include "morrow.scaledBy" $ }} sets: use autoscaling instead.{{ end }}
{{- $budget := dig "spec" "selector" "matchLabels" dict $object }}
{{- if and (eq $object.kind "PodDisruptionBudget") $v.pdb.enabled $budget (eq (merge dict $budget $selected | toJson) ($selected | toJson)) }}
extra.{{ $key }} is a second budget for the service's pods, and with two Kubernetes evicts none: use pdb, or write pdb.enabled: false.{{ end }}
{{- end }}{{ end }}

{{/* A way to AWS's STS: a role for service accounts is worth nothing without it. */}}
{{- define "morrow.validate.irsa" -}}
{{- $v := .Values -}}
{{- if and $v.network.egress (hasKey $v.serviceAccount.annotations "eks.amazonaws.com/role-arn") }}
{{- $open := false }}
{{- range $name, $to := $v.network.egress.to }}
{{- if and $to.cidr (or (not $to.ports) (has 443 $to.ports) (has "443" (toStrings $to.ports))) }}{{ $open = true }}{{ end }}
{{- end }}
{{- if not $open }}
network.egress lets no pod reach AWS, and serviceAccount.annotations give it a role (IRSA) that it fetches from STS: add network.egress.to.aws: {cidr: 0.0.0.0/0, ports: [443]}, or the addresses of your endpoint.
{{- end }}{{ end }}{{ end }}

{{/* Secrets in clear text, told by their form. */}}
{{- define "morrow.validate.clear" -}}
{{- $forms := dict "a private key" "-----BEGIN [A-Z ]*PRIVATE KEY" "an AWS access key" "\\b(AKIA|ASIA)[0-9A-Z]{16}\\b" "a GitHub token" "\\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})" "a GitLab token" "\\bglpat-[A-Za-z0-9_-]{20}" "a Slack token" "\\bxox[abprs]-[A-Za-z0-9-]{10,}" "a Stripe key" "\\b[rs]k_live_[A-Za-z0-9]{16,}" "a Google key" "\\bAIza[0-9A-Za-z_-]{35}" "a signed token (JWT)" "\\beyJ[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}" "an API key" "\\bsk-[A-Za-z0-9_-]{20,}" "a password in a URL" "[a-z][a-z0-9+.-]*://[^/\\s:@]*:[^/\\s:@$]+@" }}
{{- $places := dict "config" .Values.config "env" .Values.env }}
{{- range $name, $own := .Values.processes }}{{ with $own.env }}{{ $_ := set $places (printf "processes.%s.env" $name) . }}{{ end }}{{ end }}
{{- range $kind := list "sidecars" "initContainers" }}
{{- range $name, $container := index $.Values $kind }}{{ with $container.env }}{{ $_ := set $places (printf "%s.%s.env" $kind $name) . }}{{ end }}{{ end }}
{{- end }}
{{- range $kind := list "command" "args" }}
{{- range $i, $word := index $.Values $kind }}{{ $_ := set $places $kind (set (index $places $kind | default dict) (toString $i) $word) }}{{ end }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}{{ with $volume.files }}{{ $_ := set $places (printf "volumes.%s.files" $name) . }}{{ end }}{{ end }}
{{- range $name, $object := .Values.extra }}{{ if eq $object.kind "ConfigMap" }}{{ $_ := set $places (printf "extra.%s.data" $name) ($object.data | default dict) }}{{ end }}{{ end }}
{{- range $where, $variables := $places }}
{{- range $name, $value := $variables }}
{{- if kindIs "string" $value }}
{{- range $what, $form := $forms }}
{{- if regexMatch $form $value }}
{{ $where }}.{{ $name }} holds {{ $what }} in clear text: list {{ ternary $name "it" (regexMatch "(^config|env)$" $where) }} in secrets.keys, and give its value to `morrow secrets` or your store.{{ end }}
{{- end }}{{ end }}{{ end }}{{ end }}{{ end }}
