{{/* The pods of the Deployment or the StatefulSet; `hash` is the label that tells their revisions apart. */}}
{{- define "morrow.template" -}}
{{- $v := .Values -}}
{{- $name := .process | default $v.name -}}
metadata:
  labels: {{- include "morrow.labelsWith" (dict "root" . "own" $v.pod.labels) | nindent 4 }}
  annotations: {{- merge (dict "kubectl.kubernetes.io/default-container" $name) (include "morrow.fileNotes" . | fromYaml) $v.pod.annotations $v.annotations | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "morrow.serviceAccountName" . | quote }}
  automountServiceAccountToken: {{ $v.serviceAccount.token }}
  {{- include "morrow.pod" . | nindent 2 }}
  # The drain, what runs, and a little for the last log line; a worker gives its work back in 10 s.
  terminationGracePeriodSeconds: {{ add $v.drain $v.grace (ternary 15 5 (not (empty .process))) }}
  {{- if ne $v.spread "none" }}
  {{- $hash := ternary "controller-revision-hash" "pod-template-hash" (eq $v.workload "StatefulSet") }}
  topologySpreadConstraints:
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    {{- $hard := ternary (list "hard" "hard-zones") (list "hard-zones") (eq $key "kubernetes.io/hostname") }}
    - topologyKey: {{ $key }}
      maxSkew: 1
      whenUnsatisfiable: {{ ternary "DoNotSchedule" "ScheduleAnyway" (has $v.spread $hard) }}
      matchLabelKeys: [{{ $hash }}]
      labelSelector: {matchLabels: {{ include "morrow.selector" $ | fromYaml | toJson }}}
    {{- end }}{{ end }}
  {{- if or $v.initContainers $v.sidecars }}
  initContainers:
    {{- range $name, $container := $v.sidecars }}
    - {{ include "morrow.helper" (dict "root" $ "name" $name "container" $container "sidecar" true) | nindent 6 | trim }}{{ end }}
    {{- range $name, $container := $v.initContainers }}
    - {{ include "morrow.helper" (dict "root" $ "name" $name "container" $container) | nindent 6 | trim }}{{ end }}
  {{- end }}
  containers:
    - {{ include "morrow.container" (dict "root" . "name" $name "command" (include "morrow.command" . | fromJsonArray) "args" $v.args
        "env" (include "morrow.env" . | fromYamlArray)
        "envFrom" (include "morrow.envFromMap" $v.envFrom | fromYamlArray)
        "mounts" (concat (include "morrow.secretMount" (dict "root" . "keys" .keys "volume" "secrets") | fromYamlArray) (include "morrow.mounts" . | fromYamlArray))
        "ports" (include "morrow.ports" . | fromYamlArray)
        "more" (include "morrow.probes" . | fromYaml)) | nindent 6 | trim }}
  volumes: {{- include "morrow.volumes" . | nindent 4 }}
{{- end }}

{{/* The ports that the service's container listens on. */}}
{{- define "morrow.ports" -}}
{{- with .Values.ports.http }}
- {name: http, containerPort: {{ . | int }}}{{ end }}
{{- if .Values.ports.admin }}
- {name: admin, containerPort: {{ .Values.ports.admin | int }}}{{ end }}
{{- range $name, $port := .Values.ports.more }}
- {name: {{ $name | quote }}, containerPort: {{ $port.port | int }}, protocol: {{ $port.protocol | default "TCP" }}}{{ end }}
{{- end }}
