{{/*
What the schema cannot say: wrong combinations. Every sentence names its keys and the mend; all
are told at once. Those that follow from what is stated stand in files/refusals.yaml; one template for
each part below returns the others, a line each.
*/}}
{{- define "morrow.validate" -}}
{{- $problems := include "morrow.validate.needed" . | trim | splitList "\n" | compact -}}
{{- if not $problems -}}
{{- $rows := .Files.Get "files/refusals.yaml" | fromYamlArray -}}
{{- $all := list "variables" "resources" "containers" -}}
{{- $pods := concat $all (list "pods" "probes" "ports") -}}
{{- $service := concat $pods (list "secrets" "clear" "routes" "network" "observability" "extra" "processes") -}}
{{- $problems = include "morrow.validate.parts" (dict "root" . "kind" "web" "rows" $rows "parts" $service) | fromJsonArray -}}
{{- range include "morrow.contexts" (dict "root" . "kinds" (list "worker" "cron" "job")) | fromJsonArray -}}
{{- $name := .process -}}
{{- range include "morrow.validate.parts" (dict "root" . "kind" .kind "rows" $rows "parts" (ternary $pods $all (eq .kind "worker"))) | fromJsonArray -}}
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

{{/* The sentences of the table and of some parts, as a list. It gets {root, kind, rows, parts}. */}}
{{- define "morrow.validate.parts" -}}
{{- $problems := include "morrow.table" . | fromJsonArray -}}
{{- range .parts -}}
{{- range include (printf "morrow.validate.%s" .) $.root | splitList "\n" -}}
{{- if trim . }}{{ $problems = append $problems (trim .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{ toJson $problems }}
{{- end }}

{{/* The keys that have a default and were taken away all the same: files/needed.txt lists them. */}}
{{- define "morrow.validate.needed" -}}
{{- range $path := .Files.Get "files/needed.txt" | trim | splitList "\n" }}
{{- $at := $.Values }}
{{- $steps := splitList "." $path }}
{{- range initial $steps }}{{ $at = ternary (get ($at | default dict) .) nil (kindIs "map" $at) }}{{ end }}
{{- if and (kindIs "map" $at) (not (hasKey $at (last $steps))) }}
{{ $path }} is null or an empty block: take the line out, and the chart's default counts, or write a value.{{ end }}
{{- end }}{{ end }}

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
