{{/*
What each workload is made from, as a list: {process, kind, kit, config, keys, Values, Release}. Values
are those of the top level with the process's own laid over. It gets {root, kinds}; the web process has
no name and comes first.
*/}}
{{- define "morrow.contexts" -}}
{{- $root := .root -}}
{{- $kit := include "morrow.kit" $root -}}
{{- $base := omit $root.Values "processes" "extra" "global" -}}
{{- $all := dict "kit" $kit "Release" (dict "Name" $root.Release.Name "Namespace" $root.Release.Namespace) -}}
{{- $found := list -}}
{{- if and (has "web" .kinds) $root.Values.web.enabled -}}
{{- $found = append $found (merge (dict "process" "" "kind" "web" "config" true "keys" $root.Values.secrets.keys "Values" $base) $all) -}}
{{- end -}}
{{- range $name, $own := $root.Values.processes -}}
{{- if has $own.kind $.kinds -}}
{{- $values := deepCopy $base -}}
{{- include "morrow.lay" (dict "onto" $values "over" ($root.Files.Get "files/process.yaml" | fromYaml)) -}}
{{- if eq $own.kind "job" }}{{ $_ := set $values "deadline" 300 }}{{ end -}}
{{- if not $kit }}{{ $_ := unset $values.ports "admin" }}{{ end -}}
{{- /* Without what a later file took away: the top level's counts again. */}}
{{- range $key, $value := omit $own "kind" "config" "secrets" }}{{ if kindIs "invalid" $value }}{{ $own = omit $own $key }}{{ end }}{{ end -}}
{{- include "morrow.lay" (dict "onto" $values "over" (omit $own "kind" "config" "secrets")) -}}
{{- include "morrow.prune" $values -}}
{{- $keys := ternary $own.secrets $root.Values.secrets.keys (kindIs "slice" $own.secrets) -}}
{{- $config := ternary $own.config true (kindIs "bool" $own.config) -}}
{{- $found = append $found (merge (dict "process" $name "kind" $own.kind "config" $config "keys" $keys "Values" $values "early" (eq $base.workload "StatefulSet")) $all) -}}
{{- end -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{/* "true" for an image that is built with the kit. */}}
{{- define "morrow.kit" -}}
{{- if hasKey . "kit" }}{{ .kit }}{{ else if and .Values.image.kit .Values.ports.admin }}true{{ end }}
{{- end }}

{{/* The command of a workload's container; the kit checks the settings of a process first, and drains it. */}}
{{- define "morrow.command" -}}
{{- $kit := list "python3" "-m" "morrow" (ternary "worker" "task" (eq .kind "worker")) "--" -}}
{{ ternary (concat $kit .Values.command) .Values.command (not (empty (and .process .kit))) | toJson }}
{{- end }}
