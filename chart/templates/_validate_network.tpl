{{/* Wrong combinations about who reaches whom, and about metrics; see _validate.tpl. */}}
{{- define "morrow.validate.network" -}}
{{- $v := .Values -}}
{{- range $name, $cidr := $v.network.ingress.cidrs }}
{{- include "morrow.validate.cidr" (dict "where" (printf "network.ingress.cidrs.%s" $name) "cidr" $cidr) }}{{ end }}
{{- $open := false }}
{{- range $name, $to := $v.network.egress.to }}
{{- with $to.cidr }}
{{- include "morrow.validate.cidr" (dict "where" (printf "network.egress.to.%s.cidr" $name) "cidr" .) }}
{{- if or (not $to.ports) (has "443" (toStrings $to.ports)) }}{{ $open = true }}{{ end }}
{{- end }}{{ end }}
{{- /* A way to AWS's STS: a role for service accounts is worth nothing without it. */}}
{{- if and $v.network.egress (hasKey $v.serviceAccount.annotations "eks.amazonaws.com/role-arn") (not $open) }}
network.egress lets no pod reach AWS, and serviceAccount.annotations give it a role (IRSA) that it fetches from STS: add network.egress.to.aws: {cidr: 0.0.0.0/0, ports: [443]}, or the addresses of your endpoint.
{{- end }}{{ end }}

{{/* Kubernetes 1.36 refuses an address where a block should stand. It gets {where, cidr}. */}}
{{- define "morrow.validate.cidr" -}}
{{- $six := contains ":" .cidr -}}
{{- $bits := ternary 16 8 $six -}}
{{- $size := regexFind "[0-9]+$" .cidr | int -}}
{{- $halves := splitList "::" (regexReplaceAll "/.*" .cidr "") -}}
{{- $groups := splitList (ternary ":" "." $six) (first $halves) | compact -}}
{{- $tail := ternary (splitList ":" (last $halves) | compact) list (gt (len $halves) 1) -}}
{{- range until (sub (ternary 8 4 $six) (add (len $groups) (len $tail)) | int) }}{{ $groups = append $groups "0" }}{{ end -}}
{{- $right := list -}}
{{- $inside := false -}}
{{- range $i, $group := concat $groups $tail -}}
{{- $number := ternary (printf "0x%s" $group) $group $six | int64 -}}
{{- $block := 1 }}{{ range until (min $bits (max 0 (sub (mul $bits (add $i 1)) $size)) | int) }}{{ $block = mul $block 2 }}{{ end -}}
{{- if mod $number $block }}{{ $inside = true }}{{ end -}}
{{- $right = append $right (printf (ternary "%x" "%d" $six) (sub $number (mod $number $block))) -}}
{{- end }}
{{- if $inside }}
{{ .where }} is {{ .cidr }}, which begins inside its block: write {{ join (ternary ":" "." $six) $right }}/{{ $size }}.{{ end }}
{{- end }}

{{- define "morrow.validate.observability" -}}
{{- with .Values.observability }}
{{- $seconds := mul (regexFind "^[0-9]+" .monitor.interval | int) (ternary 60 1 (hasSuffix "m" .monitor.interval)) }}
{{- if and .rules.enabled (ne .monitor.kind "none") (gt (mul $seconds .rules.speed) 120) }}
observability.monitor.interval is {{ .monitor.interval }}, and the alerts of observability.rules look at {{ div 300 .rules.speed }} seconds, which need two readings at least: read every {{ div 120 .rules.speed }}s or more often.{{ end }}{{ end }}{{ end }}
