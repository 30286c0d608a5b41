{{/*
Every container of this chart, hooks and tests too. It gets {root, name} and may get image,
command, args, env (a list), envFrom, ports, resources, mounts (a list), more (further fields).
*/}}
{{- define "morrow.container" -}}
{{- $values := .root.Values -}}
name: {{ .name | quote }}
image: {{ .image | default (include "morrow.image" .root) | quote }}
imagePullPolicy: {{ include "morrow.pullPolicy" . }}
{{- range $field := list "command" "args" "envFrom" "env" "ports" }}
{{- with get $ $field }}
{{ $field }}: {{- toYaml . | nindent 2 }}{{ end }}{{ end }}
resources: {{- toYaml (.resources | default $values.resources) | nindent 2 }}
{{- $security := .security | default dict }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
  privileged: false
  readOnlyRootFilesystem: {{ get (merge (dict) $security $values.security) "readOnlyRoot" }}
  {{- range $what := list "user" "group" }}
  {{- with get $security $what }}
  runAs{{ title $what }}: {{ . | int64 }}{{ end }}{{ end }}
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
{{ $image.pullPolicy | default (ternary "IfNotPresent" "Always" (not (empty (or .image $image.tag $image.digest)))) }}
{{- end }}

{{/* A container of `initContainers` or `sidecars`; a sidecar runs on until the service ended. */}}
{{- define "morrow.helper" -}}
{{- $own := .container -}}
{{- $secrets := dict "root" .root "keys" $own.secrets "volume" (printf "secrets-%s" .name) "told" true -}}
{{- $more := dict -}}
{{- $ports := list -}}
{{- if .sidecar -}}
{{- $_ := set $more "restartPolicy" "Always" -}}
{{- range $kind, $probe := $own.probes -}}
{{- $_ := set $more (printf "%sProbe" $kind) (include "morrow.asked" (merge (dict "ports" $own.ports) $probe) | fromYaml) -}}
{{- end -}}
{{- range $name, $port := $own.ports }}{{ $ports = append $ports (dict "name" $name "containerPort" (int $port)) }}{{ end -}}
{{- end -}}
{{- include "morrow.container" (merge (dict "root" .root "name" .name "ports" $ports "more" $more
    "env" (include "morrow.helperEnv" (dict "root" .root "container" $own "secrets" $secrets) | fromYamlArray)
    "envFrom" (include "morrow.envFromMap" $own.envFrom | fromYamlArray)
    "mounts" (include "morrow.mounts" $secrets | fromYamlArray))
    (pick $own "image" "command" "args" "resources" "security")) }}
{{- end }}

{{/* What such a container gets is what it says: settings, some secrets, variables of its own. */}}
{{- define "morrow.helperEnv" -}}
{{- if .container.config }}{{ include "morrow.configMap" .root.Values.config }}{{ end }}
{{- include "morrow.secretEnv" .secrets }}
{{- include "morrow.envMap" .container.env }}
{{- end }}
