{{/*
What the schema cannot say: wrong combinations. Every sentence names its keys and the mend; all
are told at once. One template for each part below returns its sentences, a line each.
*/}}
{{- define "morrow.validate" -}}
{{- $problems := list -}}
{{- range $part := list "variables" "secrets" "protected" "pods" "workload" "scaling" "ports" "resources" "tolerations" "containers" "route" "routes" "network" "observability" "others" -}}
{{- range include (printf "morrow.validate.%s" $part) $ | trim | splitList "\n" -}}
{{- if trim . }}{{ $problems = append $problems (trim .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $problems }}
{{- $said := printf "\n\nThese values cannot work together:\n- %s\n" (join "\n- " $problems) }}
{{- fail $said }}
{{- /* `helm lint`, and so Terraform's plan, passes over `fail`; a template that is not there stops it. */}}
{{- include $said . }}
{{- end -}}
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
{{- if $v.ports.admin }}
{{- range list "PORT" "ADMIN_PORT" "DRAIN" "GRACE" "ENVIRONMENT" "PROTECTED" "RELEASE" "SECRETS_REVISION" "SECRETS_DIR" }}
{{- $name := printf "MORROW_%s" . }}
{{- if or (hasKey $v.config $name) (hasKey $v.env $name) (has $name $v.secrets.keys) }}
{{ $name }} is set by the chart: take it out of config, env and secrets.keys, and use the chart's own key (ports, drain, grace, environment, secrets).
{{- end }}
{{- end }}
{{- end }}
{{- $bytes := $v.config | toJson | len }}
{{- if gt $bytes 1000000 }}
config holds {{ $bytes }} bytes, and a ConfigMap at most 1 MiB: bring large files as a volume.
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
{{- if and (eq .provider "external") .keys (or $.Values.job.command $.Values.job.args) }}
job.command runs before the install, and secrets.provider external makes its Secret only during it: give the job an existing Secret (secrets.provider: existing).
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.protected" -}}
{{- if .Values.target.protected }}
{{- if not .Values.image.digest }}
target.protected asks for image.digest: a tag can come to mean another image.
{{- end }}
{{- if lt (include "morrow.fewest" . | int) 2 }}
target.protected asks for two pods: raise {{ ternary "autoscaling.min" "replicas" (eq .Values.autoscaling.mode "hpa") }} to 2.
{{- end }}
{{- range $place := list "config" "env" }}
{{- $reveal := get (index $.Values $place) "REVEAL_SECRETS" | toString | lower }}
{{- if and (hasKey (index $.Values $place) "REVEAL_SECRETS") (not (has $reveal (list "" "0" "false" "no" "off"))) }}
target.protected refuses {{ $place }}.REVEAL_SECRETS: take it out.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
