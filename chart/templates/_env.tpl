{{/* Variables of a workload's container: settings, the kit's own, secrets unless they are files, `env`. */}}
{{- define "morrow.env" -}}
{{- $v := .Values -}}
{{- if .config }}{{ include "morrow.configMap" $v.config }}{{ end }}
{{- if include "morrow.kit" . }}
{{- if not (or (hasKey $v.env "MORROW_HOST") (hasKey $v.config "MORROW_HOST")) }}
{{- /* The kit listens on loopback unless told; a cluster of IPv6 alone says "::" in env. */}}
- {name: MORROW_HOST, value: 0.0.0.0}
{{- end }}
{{- with $v.ports.http }}
- {name: MORROW_PORT, value: {{ . | int | quote }}}{{ end }}
- {name: MORROW_ADMIN_PORT, value: {{ $v.ports.admin | int | quote }}}
- {name: MORROW_DRAIN, value: {{ $v.drain | int | quote }}}
- {name: MORROW_GRACE, value: {{ $v.grace | int | quote }}}
- {name: MORROW_PROTECTED, value: {{ $v.target.protected | default false | quote }}}
- {name: MORROW_RELEASE, value: {{ include "morrow.image" . | quote }}}
{{- with $v.environment }}
- {name: MORROW_ENVIRONMENT, value: {{ . | quote }}}{{ end }}
{{- if .keys }}
- {name: MORROW_SECRETS_REVISION, value: {{ $v.secrets.revision | quote }}}{{ end }}
{{- end }}
{{- /* Where spans are sent: without it every service's are `unknown_service`. */}}
{{- $otel := pick (merge (dict) $v.env $v.config) "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" "OTEL_SERVICE_NAME" "OTEL_RESOURCE_ATTRIBUTES" }}
{{- if and $otel (not (hasKey $otel "OTEL_SERVICE_NAME")) (not (has "OTEL_SERVICE_NAME" .keys)) (not (contains "service.name=" (get $otel "OTEL_RESOURCE_ATTRIBUTES" | toString))) }}
- {name: OTEL_SERVICE_NAME, value: {{ include "morrow.fullname" . | quote }}}{{ end }}
{{- include "morrow.secretEnv" (dict "root" . "keys" .keys "told" (include "morrow.kit" .)) }}
{{- include "morrow.envMap" $v.env }}
{{- end }}

{{/*
Settings stand in the pods' template itself, so that an old pod that restarts in the middle of a bad
rollout still reads its own, whoever delivers; Kubernetes sweeps them with the ten old ReplicaSets that
it keeps. Their text is taken as it is: Kubernetes would read $(NAME) as another variable.
*/}}
{{- define "morrow.configMap" -}}
{{- range $name, $value := . }}
{{- if or (contains "$(" $value) (contains "$$" $value) }}{{ $value = replace "$" "$$" $value }}{{ end }}
- {name: {{ $name | quote }}, value: {{ $value | quote }}}{{ end }}
{{- end }}

{{/* A map of variables as Kubernetes' list: text is a value, anything else a valueFrom. */}}
{{- define "morrow.envMap" -}}
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  {{- if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- else }}
  valueFrom: {{ toJson $value }}{{ end }}
{{- end }}{{ end }}

{{/* The volumes of a pod; `early` leaves out those made only with the release. */}}
{{- define "morrow.volumes" -}}
- name: tmp
  emptyDir: {}
{{- include "morrow.secretVolume" (dict "root" . "keys" .keys "volume" "secrets") }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $container := index $.Values $place }}
{{- include "morrow.secretVolume" (dict "root" $ "keys" $container.secrets "volume" (printf "secrets-%s" $name)) }}{{ end }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if not (and $.early (or $volume.claim $volume.secretProvider)) }}
{{- with include "morrow.source" (dict "root" $ "name" $name "volume" $volume) | fromJson }}
- {{ merge (dict "name" (printf "volume-%s" $name)) . | toJson }}{{ end }}
{{- end }}{{ end }}{{ end }}

{{/* What a container of a pod sees: its secrets, and all of `volumes`. It gets {root, keys, volume}. */}}
{{- define "morrow.mounts" -}}
{{- if and .keys (eq .root.Values.secrets.as "files") }}
- {name: {{ .volume }}, mountPath: {{ include "morrow.secretsPath" . }}, readOnly: true}{{ end }}
{{- range $name, $volume := .root.Values.volumes }}
{{- if not (and $.root.early (or $volume.claim $volume.secretProvider)) }}
- {{ merge (dict "name" (printf "volume-%s" $name)) (omit $volume "source" "claim" "files" "secretProvider") | toJson }}{{ end }}
{{- end }}{{ end }}

{{/* Whole ConfigMaps and Secrets of the namespace as variables. */}}
{{- define "morrow.envFromMap" -}}
{{- range $kind, $reference := dict "configMaps" "configMapRef" "secrets" "secretRef" }}
{{- range $name, $how := get ($ | default dict) $kind | default dict }}
- {{ merge (dict $reference (dict "name" $name "optional" ($how.optional | default false))) (pick $how "prefix") | toJson }}
{{- end }}{{ end }}{{ end }}
