{{/* The groups of all alerts: files/rules/ with the marks filled in, for the service and each process. */}}
{{- define "morrow.rules" -}}
{{- $root := . -}}
groups:
{{- range include "morrow.contexts" (dict "root" . "kinds" (list "web" "worker" "cron" "job")) | fromJsonArray }}
{{- $files := get (dict "web" (list "requests" "pods") "worker" (list "pods") "cron" (list "cron") "job" (list "job")) .kind }}
{{- if .Values.backlog }}{{ $files = append $files "worker" }}{{ end }}
{{- include "morrow.ruleFiles" (dict "root" $root "one" . "files" $files) }}
{{- end }}
{{- $files := list "service" }}
{{- if and .Values.secrets.maxAge .Values.secrets.keys }}{{ $files = append $files "secret" }}{{ end }}
{{- include "morrow.ruleFiles" (dict "root" $root "one" (dict "process" "" "kind" "" "Values" .Values) "files" $files) }}
{{- end }}

{{/* Some of the files for one process; a share is printed without an exponent. It gets {root, one, files}. */}}
{{- define "morrow.ruleFiles" -}}
{{- $v := .root.Values }}{{ $rules := $v.observability.rules -}}
{{- $labels := dict "namespace" .root.Release.Namespace "service" $v.name -}}
{{- if .one.process }}{{ $_ := set $labels "process" .one.process }}{{ end -}}
{{- $said := list -}}
{{- range $key, $value := merge $labels $rules.routing }}{{ $said = append $said (printf "%s: %s" $key (toJson $value)) }}{{ end -}}
{{- $marks := dict
    "NAME" $v.name
    "NAMESPACE" .root.Release.Namespace
    "WORKLOAD" (include "morrow.fullname" .one)
    "CONTAINER" (.one.process | default $v.name)
    "PODS" (include "morrow.podNames" .one)
    "EXPECTED" (ternary "morrow_responses_total" "morrow_info" (eq .one.kind "web"))
    "BUDGET" (printf "%.6f" (divf (subf 100.0 (float64 $rules.availability)) 100.0))
    "LATENCY" (printf "%g" (float64 $rules.latency))
    "EVENTS" ($rules.events | int | toString)
    "HOSTS" (include "morrow.hosts" .root | default "no-host" | replace "." "[.]" | replace "*" "[^/]+")
    "SECRET" (include "morrow.secretName" .root)
    "MAXAGE" (mul 86400 (trimSuffix "d" $v.secrets.maxAge | int) | toString)
    "BACKLOG" (.one.Values.backlog | default "")
    "RUNBOOKS" $rules.runbooks -}}
{{- $speed := $rules.speed | int -}}
{{- range $word, $seconds := dict "1m" 60 "2m" 120 "5m" 300 "10m" 600 "15m" 900 "30m" 1800 "1h" 3600 "2h" 7200 "6h" 21600 "1d" 86400 "3d" 259200 -}}
{{- $_ := set $marks $word (ternary $word (printf "%dms" (div (mul $seconds 1000) $speed)) (eq $speed 1)) -}}
{{- end -}}
{{- range .files }}
{{- $text := regexReplaceAllLiteral "(?m)^#.*\n" ($.root.Files.Get (printf "files/rules/%s.yaml" .)) "" }}
{{- $text = replace "routed: \"@LABELS@\"" (join ", " $said) $text }}
{{- range $mark, $value := $marks }}{{ $text = replace (printf "@%s@" $mark) $value $text }}{{ end }}
{{ $text | trim }}
{{- end }}{{ end }}

{{/* The names of a workload's pods, as a regular expression; Kubernetes cuts long ones short. */}}
{{- define "morrow.podNames" -}}
{{- with include "morrow.fullname" . }}{{ if le (len .) 46 }}{{ . }}-[^-]+(-[^-]+)?{{ else }}{{ trunc 46 . }}.*{{ end }}{{ end }}
{{- end }}

{{/* Every host that leads here, as the alternatives of a regular expression. */}}
{{- define "morrow.hosts" -}}
{{- $hosts := .Values.route.hosts -}}
{{- range .Values.routes }}{{ if . }}{{ $hosts = concat $hosts (.hosts | default list) }}{{ end }}{{ end -}}
{{ $hosts | uniq | join "|" }}{{ end }}
