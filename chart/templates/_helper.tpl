{{/* A container of `initContainers` or `sidecars`; a sidecar runs on until the service ended. */}}
{{- define "morrow.helper" -}}
{{- $container := .container -}}
{{- $more := dict -}}
{{- $ports := list -}}
{{- $secrets := dict "root" .root "keys" $container.secrets "volume" (printf "secrets-%s" .name) -}}
{{- if .sidecar -}}
{{- $more = dict "restartPolicy" "Always" -}}
{{- range $kind, $probe := $container.probes -}}
{{- $_ := set $more (printf "%sProbe" $kind) (include "morrow.helperProbe" (dict "probe" $probe "ports" $container.ports) | fromYaml) -}}
{{- end -}}
{{- range $name, $port := $container.ports -}}
{{- $ports = append $ports (dict "name" $name "containerPort" (int $port)) -}}
{{- end -}}
{{- end -}}
{{- include "morrow.container" (dict "root" .root "name" .name "image" $container.image
    "command" $container.command "args" $container.args "resources" $container.resources
    "ports" $ports "security" $container.security
    "env" (include "morrow.helperEnv" . | fromYamlArray)
    "envFrom" (include "morrow.envFromMap" $container.envFrom | fromYamlArray)
    "mounts" (concat (include "morrow.secretMount" $secrets | fromYamlArray) (include "morrow.mounts" .root | fromYamlArray))
    "more" $more) }}
{{- end }}

{{/* What such a container gets is what it says: settings, some secrets, variables of its own. */}}
{{- define "morrow.helperEnv" -}}
{{- if .container.config }}{{ include "morrow.configMap" .root.Values.config }}{{ end }}
{{- include "morrow.secretEnv" (dict "root" .root "keys" .container.secrets "told" true) }}
{{- include "morrow.envMap" .container.env }}
{{- end }}
