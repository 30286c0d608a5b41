{{/* Wrong combinations about `processes`; see _validate.tpl. */}}
{{- define "morrow.validate.processes" -}}
{{- $v := .Values -}}
{{- range $name, $own := $v.processes }}
{{- $most := ternary 52 63 (eq $own.kind "cron") }}
{{- if gt (len (printf "%s-%s" $v.name $name)) $most }}
processes.{{ $name }} is called {{ $v.name }}-{{ $name }}, longer than the {{ $most }} characters that a {{ $own.kind }} may have: shorten it.{{ end }}
{{- $due := $own.schedule | default "" | lower }}
{{- range $number, $day := splitList " " "sun mon tue wed thu fri sat jan feb mar apr may jun jul aug sep oct nov dec" }}{{ $due = replace $day (toString $number) $due }}{{ end }}
{{- range regexFindAll "[0-9]+-[0-9]+" $due -1 }}{{ if gt (splitList "-" . | first | int) (splitList "-" . | last | int) }}
processes.{{ $name }}.schedule has the range {{ . }}, which ends before it begins: write the smaller number first.{{ end }}{{ end }}
{{- if regexMatch "^\\S+ \\S+ (3[01] 0?2|31 (0?[469]|11)) [*]$" ($own.schedule | default "") }}
processes.{{ $name }}.schedule is {{ $own.schedule }}, a day that its month never has: write another.{{ end }}
{{- range $volume, $wanted := $own.volumes }}
{{- if and (or (pick ($wanted | default dict) "claim" "secretProvider")) (not (hasKey ($v.volumes | default dict) $volume)) }}
processes.{{ $name }}.volumes.{{ $volume }} would be made by nobody: state claim or secretProvider in volumes, which every process sees.{{ end }}
{{- end }}
{{- /* An unknown zone is read as UTC; where this machine knows no zones at all, nothing is said. */}}
{{- if and $own.timeZone (not (regexMatch "UTC|GMT|UCT|Universal|Zulu" $own.timeZone)) (eq (dateInZone "MST" now $own.timeZone) "UTC") (ne (dateInZone "MST" now "Asia/Tokyo") "UTC") }}
processes.{{ $name }}.timeZone is {{ $own.timeZone }}, which is no time zone: write one such as Europe/Berlin.{{ end }}
{{- if and (eq $own.kind "job") (eq $v.secrets.provider "external") (ternary $own.secrets $v.secrets.keys (kindIs "slice" $own.secrets)) }}
processes.{{ $name }} runs before the install, and secrets.provider external makes its Secret only during it: write secrets: [] there, or provider: existing.{{ end }}
{{- include "morrow.validate.chosen" (dict "keys" $v.secrets.keys "where" (printf "processes.%s" $name) "own" $own) }}
{{- end }}
{{- include "morrow.validate.chosen" (dict "keys" $v.secrets.keys "where" "" "own" (omit $v "secrets")) }}
{{- end }}

{{/* Secrets that a process or a container chose must be among the service's. It gets {keys, where, own}. */}}
{{- define "morrow.validate.chosen" -}}
{{- range .own.secrets }}
{{- if not (has . $.keys) }}
{{ $.where }}.secrets names {{ . }}, which is not in secrets.keys: add it there, or take it out.{{ end }}
{{- end }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $name, $helper := index $.own $place }}
{{- if $helper }}
{{- include "morrow.validate.chosen" (dict "keys" $.keys "own" $helper "where" (printf "%s.%s.%s" $.where $place $name | trimPrefix ".")) }}{{ end }}
{{- end }}{{ end }}{{ end }}
