{{/*
Every container of this chart, hooks and tests too. It gets {root, name} and may get image,
command, args, env (a list), envFrom, ports, resources, mounts (a list), more (further fields).
*/}}
{{- define "morrow.container" -}}
{{- $root := .root -}}
name: {{ .name | quote }}
image: {{ .image | default (include "morrow.image" $root) | quote }}
imagePullPolicy: {{ include "morrow.pullPolicy" . }}
{{- with .command }}
command: {{ toJson . }}
{{- end }}
{{- with .args }}
args: {{ toJson . }}
{{- end }}
{{- with .envFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .env }}
env: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .ports }}
ports: {{- toYaml . | nindent 2 }}
{{- end }}
resources: {{- toYaml (.resources | default $root.Values.resources) | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  readOnlyRootFilesystem: {{ $root.Values.security.readOnlyRoot }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- with .mounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .more }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "morrow.pullPolicy" -}}
{{- $image := .root.Values.image -}}
{{- if $image.pullPolicy -}}
{{ $image.pullPolicy }}
{{- else if or .image $image.tag $image.digest -}}
IfNotPresent
{{- else -}}
Always
{{- end }}
{{- end }}

{{/* Fields of every pod; the token stays out of each. */}}
{{- define "morrow.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.security.user | int64 }}
  runAsGroup: {{ .Values.security.group | int64 }}
  fsGroup: {{ .Values.security.group | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
  {{- if lt (min (int .Values.ports.http) (int (.Values.ports.admin | default 65535))) 1024 }}
  # A port below 1024 without root; one of the sysctls that Pod Security counts as safe.
  sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
  {{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range $name, $on := . }}
  {{- if $on }}
  - name: {{ $name | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- with .Values.pod }}
{{- with .priorityClass }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- values . | toYaml | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* A container of `initContainers` or `sidecars`; a sidecar runs on until the service ended. */}}
{{- define "morrow.helper" -}}
{{- $container := .container -}}
{{- $more := dict -}}
{{- if .sidecar -}}
{{- $more = dict "restartPolicy" "Always" -}}
{{- end -}}
{{- include "morrow.container" (dict "root" .root "name" .name "image" $container.image
    "command" $container.command "args" $container.args "resources" $container.resources
    "env" (include "morrow.envMap" $container.env | fromYamlArray)
    "mounts" (include "morrow.mounts" .root | fromYamlArray)
    "more" $more) }}
{{- end }}
