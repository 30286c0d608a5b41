{{/* A container of `initContainers` or `sidecars`; a sidecar runs on until the service ended. */}}
{{- define "morrow.helper" -}}
{{- $container := .container -}}
{{- $more := dict -}}
{{- $ports := list -}}
{{- if .sidecar -}}
{{- $more = dict "restartPolicy" "Always" -}}
{{- range $kind, $probe := $container.probes -}}
{{- if $probe -}}
{{- $_ := set $more (printf "%sProbe" $kind) (include "morrow.helperProbe" (dict "probe" $probe "ports" $container.ports) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- range $name, $port := $container.ports -}}
{{- if $port }}{{ $ports = append $ports (dict "name" $name "containerPort" (int $port)) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- include "morrow.container" (dict "root" .root "name" .name "image" $container.image
    "command" $container.command "args" $container.args "resources" $container.resources
    "ports" $ports "security" $container.security
    "env" (include "morrow.envMap" $container.env | fromYamlArray)
    "envFrom" (include "morrow.envFromMap" $container.envFrom | fromYamlArray)
    "mounts" (include "morrow.mounts" .root | fromYamlArray)
    "more" $more) }}
{{- end }}
