{{/*
The sentences of a table (files/refusals.yaml says what its rows are) that hold for a service or one of
its processes, as a list. It gets {rows, root, kind}.
*/}}
{{- define "morrow.table" -}}
{{- $found := list -}}
{{- $values := merge (dict "kit" (include "morrow.kit" .root)) .root.Values -}}
{{- range $row := .rows -}}
{{- if or (eq $.kind "web") (has $.kind ($row.for | default list)) -}}
{{- $entries := ternary dict (dict "" dict) (hasKey $row "of") -}}
{{- range $path := $row.of -}}
{{- $map := $values -}}
{{- range splitList "." $path }}{{ $map = get $map . | default dict }}{{ end -}}
{{- range $name, $entry := $map }}{{ $_ := set $entries (printf "%s.%s" $path $name) (merge (dict "NAME" $name) ($entry | default dict)) }}{{ end -}}
{{- end -}}
{{- range $where, $entry := $entries -}}
{{- $asked := dict "values" $values "entry" $entry -}}
{{- if or (not $row.if) (include "morrow.holds" (set $asked "if" $row.if)) -}}
{{- range $word := $row.any | default (list "") -}}
{{- if or (not $word) (include "morrow.holds" (set $asked "if" $word)) -}}
{{- $key := regexFind "^[^!=]*" $word -}}
{{- $said := $row.say | replace "<key>" (printf "%s%s" (ternary $where "" (hasPrefix "." $key)) $key) | replace "<>" $where -}}
{{- range regexFindAll "<[.a-zA-Z]+>" $said -1 }}{{ $said = replace . (include "morrow.at" (set $asked "key" (trimAll "<>" .))) $said }}{{ end -}}
{{- $found = append $found $said -}}
{{- end -}}{{- end -}}{{- end -}}{{- end -}}{{- end -}}{{- end -}}
{{ $found | uniq | toJson }}
{{- end }}

{{/* Whether all words of a condition hold: "true" or nothing. It gets {values, entry, if}. */}}
{{- define "morrow.holds" -}}
{{- $all := true -}}
{{- range $word := splitList " " .if -}}
{{- $is := include "morrow.at" (set $ "key" (regexFind "[^!=]+" $word)) -}}
{{- $held := ternary (has $is (splitList "=" $word | last | splitList "|")) (not (has $is (list "" "0" "false" "[]" "map[]"))) (contains "=" $word) -}}
{{- if contains "!" $word }}{{ $held = not $held }}{{ end -}}
{{- $all = and $all $held -}}
{{- end -}}
{{- if $all }}true{{ end }}
{{- end }}

{{/* What stands at a key, as text; nothing where it is missing. It gets {values, entry, key}. */}}
{{- define "morrow.at" -}}
{{- $at := ternary .entry .values (hasPrefix "." .key) -}}
{{- range splitList "." (trimPrefix "." .key) -}}
{{- if kindIs "map" $at }}{{ $at = get $at . }}{{ else }}{{ $at = "" }}{{ end -}}
{{- end -}}
{{- if not (kindIs "invalid" $at) }}{{ toString $at }}{{ end }}
{{- end }}
