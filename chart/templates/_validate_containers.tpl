{{/* Wrong combinations about containers, mounts and tolerations; see _validate.tpl. */}}
{{- define "morrow.validate.tolerations" -}}
{{- range $name, $toleration := .Values.pod.tolerations }}
{{- if and (not $toleration.key) (ne ($toleration.operator | default "Equal") "Exists") }}
pod.tolerations.{{ $name }} has no key: state it, or write operator: Exists for every taint.{{ end }}
{{- if and $toleration.value (eq ($toleration.operator | default "Equal") "Exists") }}
pod.tolerations.{{ $name }} has a value, and operator Exists: write Equal, or take the value out.{{ end }}
{{- if and (hasKey $toleration "tolerationSeconds") (ne ($toleration.effect | default "") "NoExecute") }}
pod.tolerations.{{ $name }}.tolerationSeconds means something with effect: NoExecute only.{{ end }}
{{- end }}{{ end }}

{{- define "morrow.validate.containers" -}}
{{- $v := .Values -}}
{{- with $v.command }}
{{- if not (first .) }}
command begins with an empty word: name the program.{{ end }}
{{- if and (eq (len .) 1) (contains " " (first .)) }}
command is one word with blanks, and no shell reads it: write a list of words, {{ splitList " " (first .) | compact | toJson }}.{{ end }}
{{- end }}
{{- $paths := dict -}}
{{- if and (or (not .process) .keys) $v.secrets.keys (eq $v.secrets.as "files") }}{{ $_ := set $paths (include "morrow.secretsPath" .) "secrets" }}{{ end -}}
{{- $_ := set $paths "/tmp" "the writable /tmp" -}}
{{- range $name, $volume := $v.volumes }}
{{- $path := $volume.mountPath | trimSuffix "/" }}
{{- if hasKey $paths $path }}
volumes.{{ $name }}.mountPath is {{ $path }}, where {{ get $paths $path }} is mounted already.{{ end }}
{{- if regexMatch "^/(proc|sys|dev)$" $path }}
volumes.{{ $name }}.mountPath is {{ $path }}, which is the system's own: choose another place.{{ end }}
{{- if and (hasKey $paths (include "morrow.secretsPath" $)) (hasPrefix (printf "%s/" (include "morrow.secretsPath" $)) $path) }}
volumes.{{ $name }}.mountPath is {{ $path }}, inside the secrets, where nothing can be mounted: choose another place.{{ end }}
{{- $_ := set $paths $path (printf "volumes.%s" $name) }}
{{- if regexMatch "(^|/)[.][.](/|$)" ($volume.subPath | default "") }}
volumes.{{ $name }}.subPath is {{ $volume.subPath }}, which leads out of the volume: take the .. out.{{ end }}
{{- end }}
{{- range $name, $_ := $v.sidecars }}
{{- if hasKey $v.initContainers $name }}
{{ $name }} stands in sidecars and in initContainers: give one of them another name.{{ end }}
{{- end }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $container := index $v $place }}
{{- if not (or $container.image $container.command $container.args) }}
{{ $place }}.{{ $name }} is empty, and would run the service a second time: state its image or its command.{{ end }}
{{- range $variable, $_ := $container.env }}
{{- if or (and $container.config (hasKey $v.config $variable)) (has $variable ($container.secrets | default list)) }}
{{ $place }}.{{ $name }}.env.{{ $variable }} is given to it by config or secrets already: take it out of one of them.{{ end }}
{{- end }}{{ end }}
{{- if hasKey (index $v $place) $v.name }}
{{ $place }}.{{ $v.name }} has the service's own name: give it another.{{ end }}
{{- end }}{{ end }}
