{{/* Wrong combinations about `processes` and the web process; see _validate.tpl. */}}
{{- define "morrow.validate.processes" -}}
{{- $v := .Values -}}
{{- if hasKey $v "job" }}
job has moved: write processes: {job: {kind: job, command: [...]}}, with args, deadline and retries there; it is the same Job.{{ end }}
{{- if not $v.web.enabled }}
{{- if not $v.processes }}
web.enabled is false, and processes is empty: nothing would run.{{ end }}
{{- if ne $v.route.mode "none" }}
route.mode is {{ $v.route.mode }}, and web.enabled is false: there is nothing to lead to. Write route.mode: none.{{ end }}
{{- if ne $v.autoscaling.mode "none" }}
autoscaling.mode is {{ $v.autoscaling.mode }}, and web.enabled is false: write it at a worker, processes.NAME.autoscaling.{{ end }}
{{- end }}
{{- $only := dict "replicas" "worker" "backlog" "worker" "autoscaling" "worker" "drain" "worker" "ports" "worker" "probes" "worker" "rollout" "worker" "pdb" "worker" "spread" "worker" "sidecars" "worker" "schedule" "cron" "timeZone" "cron" "concurrency" "cron" "suspend" "cron" "history" "cron" "deadline" "cron job" "retries" "cron job" "order" "job" }}
{{- range $name, $own := $v.processes }}
{{- range $key, $value := $own }}
{{- if and (hasKey $only $key) (not (kindIs "invalid" $value)) (not (has $own.kind (splitList " " (get $only $key)))) }}
processes.{{ $name }}.{{ $key }} means nothing for kind {{ $own.kind }}: it belongs to {{ get $only $key | replace " " " and " }}. Take it out.{{ end }}
{{- end }}
{{- if has $name (list "service" "test" "metrics" "extra" "dashboard" "pods") }}
processes.{{ $name }} has a name that the chart gives itself: choose another.{{ end }}
{{- $most := ternary 52 63 (eq $own.kind "cron") }}
{{- if gt (len (printf "%s-%s" $v.name $name)) $most }}
processes.{{ $name }} is called {{ $v.name }}-{{ $name }}, longer than the {{ $most }} characters that a {{ $own.kind }} may have: shorten it.{{ end }}
{{- if not (or $own.command (and $own.args (not (include "morrow.kit" $)))) }}
processes.{{ $name }}.command is empty: say what it runs, as a list of words.{{ end }}
{{- if and (eq $own.kind "cron") (not $own.schedule) }}
processes.{{ $name }}.schedule is empty: say when it runs, such as "*/5 * * * *" or "@daily".
{{- end }}
{{- range regexFindAll "[0-9]+-[0-9]+" ($own.schedule | default "") -1 }}
{{- if gt (splitList "-" . | first | int) (splitList "-" . | last | int) }}
processes.{{ $name }}.schedule has the range {{ . }}, which ends before it begins: write the smaller number first.{{ end }}
{{- end }}
{{- /* An unknown zone is read as UTC; where this machine knows no zones at all, nothing is said. */}}
{{- if and $own.timeZone (not (regexMatch "UTC|GMT|UCT|Universal|Zulu" $own.timeZone)) (eq (dateInZone "MST" now $own.timeZone) "UTC") (ne (dateInZone "MST" now "Asia/Tokyo") "UTC") }}
processes.{{ $name }}.timeZone is {{ $own.timeZone }}, which is no time zone: write one such as Europe/Berlin.{{ end }}
{{- if eq $own.kind "worker" }}
{{- $scaling := $own.autoscaling | default dict }}
{{- if and $scaling (eq ($scaling.mode | default "none") "none") (not $scaling.vertical) }}
processes.{{ $name }}.autoscaling is stated without a mode: write mode: hpa, or take it out.{{ end }}
{{- if and $own.replicas (ne ($scaling.mode | default "none") "none") }}
processes.{{ $name }}.replicas is {{ $own.replicas }}, and its autoscaling sets the number of pods: take replicas out.{{ end }}
{{- end }}
{{- if and (eq $own.kind "job") (eq $v.secrets.provider "external") (ternary $own.secrets $v.secrets.keys (kindIs "slice" $own.secrets)) }}
processes.{{ $name }} runs before the install, and secrets.provider external makes its Secret only during it: write secrets: [] there, or provider: existing.{{ end }}
{{- include "morrow.validate.chosen" (dict "root" $ "where" (printf "processes.%s" $name) "secrets" $own.secrets) }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $helper, $container := index $own $place }}
{{- include "morrow.validate.chosen" (dict "root" $ "where" (printf "processes.%s.%s.%s" $name $place $helper) "secrets" ($container | default dict).secrets) }}{{ end }}
{{- end }}{{ end }}
{{- range $place := list "sidecars" "initContainers" }}
{{- range $helper, $container := index $v $place }}
{{- include "morrow.validate.chosen" (dict "root" $ "where" (printf "%s.%s" $place $helper) "secrets" $container.secrets) }}{{ end }}
{{- end }}{{ end }}

{{/* Secrets that a container chose must be among the service's. It gets {root, where, secrets}. */}}
{{- define "morrow.validate.chosen" -}}
{{- range .secrets }}
{{- if not (has . $.root.Values.secrets.keys) }}
{{ $.where }}.secrets names {{ . }}, which is not in secrets.keys: add it there, or take it out.{{ end }}
{{- end }}{{ end }}
