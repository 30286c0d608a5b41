{{/* Kubernetes 1.36 refuses an address where a block should stand. It gets {where, cidr}. */}}
{{- define "morrow.validate.cidr" -}}
{{- if not (contains ":" .cidr) }}
{{- $ip := 0 }}
{{- range splitList "." (regexFind "^[0-9.]+" .cidr) }}{{ $ip = add (mul $ip 256) (int64 .) }}{{ end }}
{{- $size := 1 }}
{{- range until (sub 32 (regexFind "[0-9]+$" .cidr | int) | int) }}{{ $size = mul $size 2 }}{{ end }}
{{- $first := sub $ip (mod $ip $size) }}
{{- if ne $ip $first }}
{{ .where }} is {{ .cidr }}, which begins inside its block: write {{ div $first 16777216 }}.{{ mod (div $first 65536) 256 }}.{{ mod (div $first 256) 256 }}.{{ mod $first 256 }}/{{ regexFind "[0-9]+$" .cidr }}.
{{- end }}
{{- else }}
{{- $size := regexFind "[0-9]+$" .cidr | int }}
{{- $halves := splitList "::" (regexReplaceAll "/.*" .cidr "") }}
{{- $head := splitList ":" (first $halves) | compact }}
{{- $tail := ternary (splitList ":" (last $halves) | compact) list (gt (len $halves) 1) }}
{{- $groups := $head }}
{{- range until (sub (sub 8 (len $head)) (len $tail) | int) }}{{ $groups = append $groups "0" }}{{ end }}
{{- $inside := false }}
{{- range $i, $group := concat $groups $tail }}
{{- $host := min 16 (max 0 (sub (mul 16 (add $i 1)) $size)) }}
{{- $block := 1 }}{{ range until (int $host) }}{{ $block = mul $block 2 }}{{ end }}
{{- if mod (int64 (printf "0x%s" $group)) $block }}{{ $inside = true }}{{ end }}
{{- end }}
{{- if $inside }}
{{ .where }} is {{ .cidr }}, which begins inside its block: write the block's first address, such as fd00:1234::/32.{{ end }}
{{- end }}{{ end }}
