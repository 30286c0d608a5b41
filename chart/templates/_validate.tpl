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
{{ . }} stands in config and in secrets.keys: take it out of config, or it is no secret.{{ end }}
{{- if hasKey $v.env . }}
{{ . }} stands in env and in secrets.keys: take it out of one of them.{{ end }}
{{- end }}
{{- range $name, $_ := $v.env }}
{{- if hasKey $v.config $name }}
{{ $name }} stands in config and in env: take it out of one of them.{{ end }}
{{- end }}
{{- if include "morrow.kit" . }}
{{- range list "PORT" "ADMIN_PORT" "DRAIN" "GRACE" "ENVIRONMENT" "PROTECTED" "RELEASE" "SECRETS_REVISION" "SECRETS_DIR" }}
{{- $name := printf "MORROW_%s" . }}
{{- if or (hasKey $v.config $name) (hasKey $v.env $name) (has $name $v.secrets.keys) }}
{{ $name }} is set by the chart: take it out of config, env and secrets.keys, and use the chart's own key (ports, drain, grace, environment, secrets).{{ end }}
{{- end }}{{ end }}
{{- $bytes := $v.config | toJson | len }}
{{- if gt $bytes 262144 }}
config holds {{ $bytes }} bytes, and a pod's variables at most 256 KiB: bring large texts as a volume.{{ end }}
{{- $bytes := include "morrow.fileNotes" . | len }}
{{- if gt $bytes 250000 }}
volumes: files hold {{ $bytes }} bytes together, and a pod's notes at most 250000: bring large ones in the image or a volume.{{ end }}
{{- end }}

{{- define "morrow.validate.secrets" -}}
{{- with .Values.secrets }}
{{- if eq .provider "existing" }}
{{- if and .keys (not .name) }}
secrets.provider is existing, and secrets.name is empty: name the Secret that holds secrets.keys.{{ end }}
{{- if and .name (not .keys) }}
secrets.name is {{ .name }}, and secrets.keys is empty: list the variables that the service takes from it.{{ end }}
{{- end }}
{{- if and (eq .provider "external") .keys (not .external.store) }}
secrets.provider is external, and secrets.external.store is empty: name the SecretStore to read from.{{ end }}
{{- if and .rotation.kind (or (not (has .rotation.key .keys)) (ne (len .rotation.users) 2)) }}
secrets.rotation.kind is {{ .rotation.kind }}: it needs a key, which stands in secrets.keys, and two users.{{ end }}
{{- if and .rotation.kind (eq .provider "existing") }}
secrets.provider is existing, and secrets.rotation.kind is {{ .rotation.kind }}: who makes the Secret changes what is in it; take one of them out.{{ end }}
{{- /* Only beside a cluster: there its default account is found. */}}
{{- if and .keys (ne .provider "external") $.Values.serviceAccount.create (lookup "v1" "ServiceAccount" $.Release.Namespace "default") }}
{{- $name := include "morrow.secretName" $ }}
{{- if not (lookup "v1" "Secret" $.Release.Namespace $name) }}
Secret {{ $name }} is not in the namespace {{ $.Release.Namespace }}, and the pods could not start: kubectl --namespace {{ $.Release.Namespace }} create secret generic {{ $name }} --from-env-file FILE, with {{ join ", " .keys }}.
{{- end }}{{ end }}
{{- end }}{{ end }}
