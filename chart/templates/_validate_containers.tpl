{{/* Wrong combinations about containers and what they mount; see _validate.tpl. */}}
{{- define "morrow.validate.containers" -}}
{{- $v := .Values -}}
{{- include "morrow.validate.words" (dict "where" "command" "words" $v.command) }}
{{- $secrets := include "morrow.secretsPath" . -}}
{{- $paths := dict "/tmp" "the writable /tmp" -}}
{{- if and (or (not .process) .keys) $v.secrets.keys (eq $v.secrets.as "files") }}{{ $_ := set $paths $secrets "secrets" }}{{ end -}}
{{- range $name, $volume := $v.volumes }}
{{- $path := $volume.mountPath | trimSuffix "/" }}
{{- if hasKey $paths $path }}
volumes.{{ $name }}.mountPath is {{ $path }}, where {{ get $paths $path }} is mounted already.{{ end }}
{{- if regexMatch "//|/[.][.]?(/|$)" $path }}
volumes.{{ $name }}.mountPath is {{ $path }}: write the plain path, without //, /./ and /../.{{ end }}
{{- if regexMatch "^/(proc|sys|dev)$" $path }}
volumes.{{ $name }}.mountPath is {{ $path }}, which is the system's own: choose another place.{{ end }}
{{- if and (hasKey $paths $secrets) (hasPrefix (printf "%s/" $secrets) $path) }}
volumes.{{ $name }}.mountPath is {{ $path }}, inside the secrets, where nothing can be mounted: choose another place.{{ end }}
{{- $_ := set $paths $path (printf "volumes.%s" $name) }}
{{- if regexMatch "(^|/)[.][.](/|$)" ($volume.subPath | default "") }}
volumes.{{ $name }}.subPath is {{ $volume.subPath }}, which leads out of the volume: take the .. out.{{ end }}
{{- $kinds := list }}{{ range list "source" "claim" "files" "secretProvider" }}{{ if hasKey $volume . }}{{ $kinds = append $kinds . }}{{ end }}{{ end }}
{{- if gt (len $kinds) 1 }}
volumes.{{ $name }} states {{ join " and " $kinds }}: keep one of them.{{ end }}
{{- end }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $container := index $v $place }}
{{- if and (eq $place "sidecars") (hasKey ($v.initContainers | default dict) $name) }}
{{ $name }} stands in sidecars and in initContainers: give one of them another name.{{ end }}
{{- if eq $name ($.process | default $v.name) }}
{{ $place }}.{{ $name }} has the {{ ternary "process" "service" (hasKey $ "process") }}'s own name: give it another.{{ end }}
{{- include "morrow.validate.words" (dict "where" (printf "%s.%s.command" $place $name) "words" $container.command) }}
{{- range $variable, $_ := $container.env }}
{{- if or (and $container.config (hasKey $v.config $variable)) (has $variable ($container.secrets | default list)) }}
{{ $place }}.{{ $name }}.env.{{ $variable }} is given to it by config or secrets already: take it out of one of them.{{ end }}
{{- end }}{{ end }}{{ end }}{{ end }}

{{/* A command that no program answers to. It gets {where, words}. */}}
{{- define "morrow.validate.words" -}}
{{- with .words }}
{{- if not (first .) }}
{{ $.where }} begins with an empty word: name the program.{{ end }}
{{- if and (eq (len .) 1) (contains " " (first .)) }}
{{ $.where }} is one word with blanks, and no shell reads it: write a list of words, {{ splitList " " (first .) | compact | toJson }}.{{ end }}
{{- end }}{{ end }}
