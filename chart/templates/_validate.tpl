{{/*
What the schema cannot say: wrong combinations. Every sentence names its keys and the mend; all
are told at once. One template for each part below returns its sentences, a line each.
*/}}
{{- define "morrow.validate" -}}
{{- $problems := include "morrow.validate.needed" . | trim | splitList "\n" | compact -}}
{{- if not $problems -}}
{{- $parts := list "variables" "secrets" "clear" "protected" "pods" "workload" "scaling" "modes" "ports" "probes" "resources" "tolerations" "containers" "route" "routes" "paths" "network" "irsa" "observability" "others" "extra" "processes" -}}
{{- $problems = include "morrow.validate.parts" (dict "root" . "parts" $parts) | fromJsonArray -}}
{{- range include "morrow.contexts" (dict "root" . "kinds" (list "worker" "cron" "job")) | fromJsonArray -}}
{{- $name := .process -}}
{{- $parts := ternary (list "variables" "pods" "scaling" "probes" "resources" "tolerations" "containers") (list "variables" "resources" "tolerations" "containers") (eq .kind "worker") -}}
{{- range include "morrow.validate.parts" (dict "root" . "parts" $parts) | fromJsonArray -}}
{{- if not (has . $problems) }}{{ $problems = append $problems (printf "processes.%s: %s" $name .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $problems }}
{{- $said := printf "\n\nThese values cannot work together:\n- %s\n" (join "\n- " $problems) }}
{{- fail $said }}
{{- /* `helm lint`, and so Terraform's plan, passes over `fail`; a template that is not there stops it. */}}
{{- include $said . }}
{{- end -}}
{{- end }}

{{/* The sentences of some parts, as a list. It gets {root, parts}. */}}
{{- define "morrow.validate.parts" -}}
{{- $problems := list -}}
{{- range $part := .parts -}}
{{- range include (printf "morrow.validate.%s" $part) $.root | trim | splitList "\n" -}}
{{- if trim . }}{{ $problems = append $problems (trim .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{ toJson $problems }}
{{- end }}

{{- define "morrow.validate.variables" -}}
{{- $v := .Values -}}
{{- range $v.secrets.keys }}
{{- if hasKey $v.config . }}
{{ . }} stands in config and in secrets.keys: take it out of config, or it is no secret.
{{- end }}
{{- if hasKey $v.env . }}
{{ . }} stands in env and in secrets.keys: take it out of one of them.
{{- end }}
{{- end }}
{{- range $name, $_ := $v.env }}
{{- if hasKey $v.config $name }}
{{ $name }} stands in config and in env: take it out of one of them.
{{- end }}
{{- end }}
{{- if include "morrow.kit" . }}
{{- range list "PORT" "ADMIN_PORT" "DRAIN" "GRACE" "ENVIRONMENT" "PROTECTED" "RELEASE" "SECRETS_REVISION" "SECRETS_DIR" }}
{{- $name := printf "MORROW_%s" . }}
{{- if or (hasKey $v.config $name) (hasKey $v.env $name) (has $name $v.secrets.keys) }}
{{ $name }} is set by the chart: take it out of config, env and secrets.keys, and use the chart's own key (ports, drain, grace, environment, secrets).
{{- end }}
{{- end }}
{{- end }}
{{- $bytes := $v.config | toJson | len }}
{{- if gt $bytes 262144 }}
config holds {{ $bytes }} bytes, and a pod's variables at most 256 KiB: bring large texts as a volume.
{{- end }}
{{- $bytes := include "morrow.fileNotes" . | len }}
{{- if gt $bytes 250000 }}
volumes: files hold {{ $bytes }} bytes together, and a pod's notes at most 250000: bring large ones in the image or a volume.
{{- end }}
{{- end }}

{{- define "morrow.validate.secrets" -}}
{{- with .Values.secrets }}
{{- if eq .provider "existing" }}
{{- if and .keys (not .name) }}
secrets.provider is existing, and secrets.name is empty: name the Secret that holds secrets.keys.
{{- end }}
{{- if and .name (not .keys) }}
secrets.name is {{ .name }}, and secrets.keys is empty: list the variables that the service takes from it.
{{- end }}
{{- end }}
{{- if and (eq .provider "external") .keys (not .external.store) }}
secrets.provider is external, and secrets.external.store is empty: name the SecretStore to read from.
{{- end }}
{{- if and (ne .provider "external") .external.store }}
secrets.external.store is {{ .external.store }}, and secrets.provider is {{ .provider }}: write provider: external, or take the store out.
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.protected" -}}
{{- if .Values.target.protected }}
{{- if not .Values.image.digest }}
target.protected asks for image.digest: a tag can come to mean another image.
{{- end }}
{{- if not .Values.network.policy }}
target.protected asks for a NetworkPolicy: write network.policy: true.
{{- end }}
{{- if .Values.web.enabled }}
{{- if not .Values.pdb.enabled }}
target.protected asks for a disruption budget: write pdb.enabled: true.
{{- end }}
{{- if not (int .Values.drain) }}
target.protected asks for a drain, or each rollout loses requests: write drain: 5.
{{- end }}
{{- if lt (include "morrow.fewest" . | int) 2 }}
target.protected asks for two pods: raise {{ ternary "autoscaling.min" "replicas" (eq .Values.autoscaling.mode "hpa") }} to 2.
{{- end }}
{{- end }}
{{- range $place := list "config" "env" }}
{{- $reveal := get (index $.Values $place) "REVEAL_SECRETS" | toString | lower }}
{{- if and (hasKey (index $.Values $place) "REVEAL_SECRETS") (not (has $reveal (list "" "0" "false" "no" "off"))) }}
target.protected refuses {{ $place }}.REVEAL_SECRETS: take it out.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
