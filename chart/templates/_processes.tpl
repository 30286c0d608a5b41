{{/*
What each workload is made from, as a list: {process, kind, kit, config, keys, Values, Release}. Values
are those of the top level with the process's own laid over. It gets {root, kinds}; the web process has
no name and comes first.
*/}}
{{- define "morrow.contexts" -}}
{{- $root := .root -}}
{{- $kit := include "morrow.kit" $root -}}
{{- $base := omit $root.Values "processes" "extra" "global" -}}
{{- $all := dict "kit" $kit "Release" (dict "Name" $root.Release.Name "Namespace" $root.Release.Namespace) -}}
{{- $found := list -}}
{{- if and (has "web" .kinds) $root.Values.web.enabled -}}
{{- $found = append $found (merge (dict "process" "" "kind" "web" "config" true "keys" $root.Values.secrets.keys "Values" $base) $all) -}}
{{- end -}}
{{- range $name, $own := $root.Values.processes -}}
{{- if has $own.kind $.kinds -}}
{{- $values := deepCopy $base -}}
{{- include "morrow.lay" (dict "onto" $values "over" (include "morrow.processDefaults" . | fromYaml)) -}}
{{- range $key := list "sidecars" "initContainers" }}{{ $_ := set $values $key dict }}{{ end -}}
{{- range $key := list "pods" "external" "objects" "triggers" "behavior" }}{{ $_ := set $values.autoscaling $key dict }}{{ end -}}
{{- $_ := set $values.ports "more" dict -}}
{{- if not $kit }}{{ $_ := unset $values.ports "admin" }}{{ end -}}
{{- include "morrow.lay" (dict "onto" $values "over" (omit $own "kind" "config" "secrets")) -}}
{{- include "morrow.prune" $values -}}
{{- $keys := ternary $own.secrets $root.Values.secrets.keys (kindIs "slice" $own.secrets) -}}
{{- $config := ternary $own.config true (kindIs "bool" $own.config) -}}
{{- $found = append $found (merge (dict "process" $name "kind" $own.kind "config" $config "keys" $keys "Values" $values "early" (eq $base.workload "StatefulSet")) $all) -}}
{{- end -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{/* What a process does not take from the top level. */}}
{{- define "morrow.processDefaults" -}}
command: []
args: []
replicas: 1
workload: Deployment
drain: 0
grace: 30
autoscaling: {mode: none, vertical: {mode: none}}
ports: {http: null}
probes:
  startup: {path: "", port: "", exec: []}
  readiness: {path: "", port: "", exec: []}
  liveness: {path: "", port: "", exec: []}
deadline: {{ ternary 300 3600 (eq .kind "job") }}
retries: 0
order: 0
schedule: ""
timeZone: Etc/UTC
concurrency: Forbid
suspend: false
history: {succeeded: 3, failed: 1}
{{- end }}

{{/* "true" for an image that is built with the kit. */}}
{{- define "morrow.kit" -}}
{{- if hasKey . "kit" }}{{ .kit }}{{ else if and .Values.image.kit .Values.ports.admin }}true{{ end }}
{{- end }}

{{/* The command of a workload's container; the kit checks the settings of a process first, and drains it. */}}
{{- define "morrow.command" -}}
{{- if and .process .kit -}}
{{ concat (list "python3" "-m" "morrow" (ternary "worker" "task" (eq .kind "worker")) "--") .Values.command | toJson }}
{{- else -}}
{{ toJson .Values.command }}
{{- end -}}
{{- end }}

{{/* The pod of a cron or a job: it runs to its end. */}}
{{- define "morrow.run" -}}
metadata:
  labels: {{- include "morrow.labelsWith" (dict "root" . "own" .Values.pod.labels) | nindent 4 }}
  {{- with merge (include "morrow.fileNotes" . | fromYaml) .Values.pod.annotations .Values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}{{ end }}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  {{- with include "morrow.runAccount" . }}
  serviceAccountName: {{ . | quote }}{{ end }}
  {{- include "morrow.pod" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ add .Values.drain .Values.grace 5 }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- range $name, $container := . }}
    - {{ include "morrow.helper" (dict "root" $ "name" $name "container" $container) | nindent 6 | trim }}{{ end }}
  {{- end }}
  containers:
    - {{ include "morrow.container" (dict "root" . "name" .process
        "command" (include "morrow.command" . | fromJsonArray) "args" .Values.args
        "env" (include "morrow.env" . | fromYamlArray)
        "envFrom" (include "morrow.envFromMap" .Values.envFrom | fromYamlArray)
        "mounts" (concat (include "morrow.secretMount" (dict "root" . "keys" .keys "volume" "secrets") | fromYamlArray) (include "morrow.mounts" . | fromYamlArray))) | nindent 6 | trim }}
  volumes: {{- include "morrow.volumes" . | nindent 4 }}
{{- end }}

{{/* A job runs before the release's own account is there: as one that is there already, or the default. */}}
{{- define "morrow.runAccount" -}}
{{- if or (eq .kind "cron") (not .Values.serviceAccount.create) }}{{ include "morrow.serviceAccountName" . }}{{ end }}
{{- end }}
