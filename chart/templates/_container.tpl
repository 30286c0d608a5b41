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
command: {{ toJson . }}{{ end }}
{{- with .args }}
args: {{ toJson . }}{{ end }}
{{- with .envFrom }}
envFrom: {{- toYaml . | nindent 2 }}{{ end }}
{{- with .env }}
env: {{- toYaml . | nindent 2 }}{{ end }}
{{- with .ports }}
ports: {{- toYaml . | nindent 2 }}{{ end }}
resources: {{- toYaml (.resources | default $root.Values.resources) | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  {{- $security := .security | default dict }}
  readOnlyRootFilesystem: {{ get (merge (dict) $security $root.Values.security) "readOnlyRoot" }}
  {{- with $security.user }}
  runAsUser: {{ . | int64 }}{{ end }}
  {{- with $security.group }}
  runAsGroup: {{ . | int64 }}{{ end }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- with .mounts }}
  {{- toYaml . | nindent 2 }}{{ end }}
{{- with .more }}
{{ toYaml . }}{{ end }}
{{- end }}

{{- define "morrow.pullPolicy" -}}
{{- $image := .root.Values.image -}}
{{- if $image.pullPolicy -}}
{{ $image.pullPolicy }}
{{- else if or .image $image.tag $image.digest -}}
IfNotPresent
{{- else -}}
Always{{ end }}
{{- end }}
