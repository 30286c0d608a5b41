{{/* Fields of every pod. */}}
{{- define "morrow.pod" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.security.user | int64 }}
  runAsGroup: {{ .Values.security.group | int64 }}
  fsGroup: {{ .Values.security.group | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
  {{- if lt (min (int (.Values.ports.http | default 65535)) (int (.Values.ports.admin | default 65535))) 1024 }}
  # A port below 1024 without root; one of the sysctls that Pod Security counts as safe.
  sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
  {{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range $name, $on := . }}{{ if $on }}
  - name: {{ $name | quote }}{{ end }}{{ end }}{{ end }}
{{- $pod := .Values.pod }}
{{- range $key, $field := dict "priorityClass" "priorityClassName" "runtimeClass" "runtimeClassName" "dnsPolicy" "dnsPolicy" "nodeSelector" "nodeSelector" "affinity" "affinity" }}
{{- with get $pod $key }}
{{ $field }}: {{ ternary (toJson .) (toYaml . | nindent 2) (kindIs "string" .) }}{{ end }}{{ end }}
{{- with $pod.tolerations }}
tolerations:
  {{- range . }}
  - {{ toJson . }}{{ end }}{{ end }}
{{- with $pod.dnsConfig }}
dnsConfig:
  {{- range $field := list "nameservers" "searches" }}
  {{- with get $pod.dnsConfig $field }}
  {{ $field }}: {{ toJson . }}{{ end }}{{ end }}
  {{- with .options }}
  options:
    {{- range $name, $value := . }}
    - {name: {{ $name | quote }}{{ if $value }}, value: {{ $value | quote }}{{ end }}}
    {{- end }}{{ end }}{{ end }}
{{- with $pod.hostAliases }}
hostAliases:
  {{- range $ip, $names := . }}
  - {ip: {{ $ip | quote }}, hostnames: {{ toJson $names }}}{{ end }}{{ end }}{{ end }}

{{/* The pods of a workload, or of a cron or a job, which run to their end. */}}
{{- define "morrow.template" -}}
{{- $v := .Values -}}
{{- $name := .process | default $v.name -}}
{{- $ends := has .kind (list "cron" "job") -}}
metadata:
  labels: {{- include "morrow.labelsWith" (dict "root" . "own" $v.pod.labels) | nindent 4 }}
  {{- $own := ternary dict (dict "kubectl.kubernetes.io/default-container" $name) $ends }}
  {{- with merge $own (include "morrow.fileNotes" . | fromYaml) $v.pod.annotations $v.annotations }}
  annotations: {{- toYaml . | nindent 4 }}{{ end }}
spec:
  {{- if $ends }}
  restartPolicy: Never{{ end }}
  {{- /* A job runs before the release's own account is there: as one that is there already, or the default. */}}
  {{- if not (and (eq .kind "job") $v.serviceAccount.create) }}
  serviceAccountName: {{ include "morrow.serviceAccountName" . | quote }}{{ end }}
  automountServiceAccountToken: {{ and (not $ends) $v.serviceAccount.token }}
  {{- include "morrow.pod" . | nindent 2 }}
  # The drain, what runs, and a little for the last log line; a worker gives its work back in 10 s.
  terminationGracePeriodSeconds: {{ add $v.drain $v.grace (ternary 15 5 (eq .kind "worker")) }}
  {{- if not (or $ends (eq $v.spread "none")) }}
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
    {{- range $place := list "sidecars" "initContainers" }}
    {{- range $name, $container := index $v $place }}
    - {{ include "morrow.helper" (dict "root" $ "name" $name "container" $container "sidecar" (eq $place "sidecars")) | nindent 6 | trim }}
    {{- end }}{{ end }}{{ end }}
  containers:
    - {{ include "morrow.container" (dict "root" . "name" $name "command" (include "morrow.command" . | fromJsonArray) "args" $v.args
        "env" (include "morrow.env" . | fromYamlArray)
        "envFrom" (include "morrow.envFromMap" $v.envFrom | fromYamlArray)
        "mounts" (include "morrow.mounts" (dict "root" . "keys" .keys "volume" "secrets") | fromYamlArray)
        "ports" (ternary list (include "morrow.ports" . | fromYamlArray) $ends)
        "more" (ternary dict (include "morrow.probes" . | fromYaml) $ends)) | nindent 6 | trim }}
  volumes: {{- include "morrow.volumes" . | nindent 4 }}
{{- end }}
