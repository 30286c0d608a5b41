{{/* Ports that are named and not there, or there twice; see _validate.tpl. Only TCP can be asked or led to. */}}
{{- define "morrow.validate.ports" -}}
{{- $v := .Values -}}
{{- $asked := list -}}
{{- $taken := list -}}
{{- $numbers := dict -}}
{{- range include "morrow.ports" . | fromYamlArray }}
{{- $protocol := .protocol | default "TCP" }}
{{- $key := printf "%s %d" $protocol (int .containerPort) }}
{{- $where := printf (ternary "ports.more.%s" "ports.%s" (hasKey . "protocol")) .name }}
{{- if and (hasKey $numbers $key) (hasKey . "protocol") }}
{{ $where }}.port is {{ .containerPort }}, which {{ get $numbers $key }} has already.{{ end }}
{{- if contains "--" .name }}
{{ $where }} has two dashes in a row, which no port's name may have: write one.{{ end }}
{{- $_ := set $numbers $key $where }}
{{- $taken = append $taken .name }}
{{- if eq $protocol "TCP" }}{{ $asked = append $asked .name }}{{ end }}
{{- end }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{- $probe := get $v.probes $kind }}
{{- range $where, $name := dict "port" $probe.port "grpc.port" $probe.grpc.port }}
{{- if and $name (not (has $name $asked)) }}
probes.{{ $kind }}.{{ $where }} is {{ $name }}, and the service's ports are {{ join ", " $asked }}: name one of them.{{ end }}
{{- end }}
{{- include "morrow.validate.asked" (dict "where" (printf "probes.%s" $kind) "probe" $probe) }}
{{- end }}
{{- $names := $asked -}}
{{- range $sidecar, $container := $v.sidecars }}
{{- range $name, $port := $container.ports }}
{{- $key := printf "TCP %d" (int $port) }}
{{- if contains "--" $name }}
sidecars.{{ $sidecar }}.ports.{{ $name }} has two dashes in a row, which no port's name may have: write one.{{ end }}
{{- if has $name $taken }}
sidecars.{{ $sidecar }}.ports.{{ $name }} has the name of another port of the pod: choose another.{{ end }}
{{- if hasKey $numbers $key }}
sidecars.{{ $sidecar }}.ports.{{ $name }} is {{ $port | int }}, which {{ get $numbers $key }} has already.{{ end }}
{{- $_ := set $numbers $key (printf "sidecars.%s" $sidecar) }}
{{- $taken = append $taken $name }}
{{- $names = append $names $name }}
{{- end }}
{{- range $kind, $probe := $container.probes }}
{{- range $name := list $probe.port ($probe.grpc | default dict).port }}
{{- if and $name (not (hasKey ($container.ports | default dict) $name)) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} asks the port {{ $name }}, which is not in sidecars.{{ $sidecar }}.ports.{{ end }}
{{- end }}
{{- if not (or $probe.exec $probe.grpc $probe.port) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} does not say what it asks: state exec, grpc or port (and path).{{ end }}
{{- include "morrow.validate.asked" (dict "where" (printf "sidecars.%s.probes.%s" $sidecar $kind) "probe" $probe) }}
{{- end }}{{ end }}
{{- if not .process }}
{{- range $where, $name := dict "service.targetPort" $v.service.targetPort "observability.monitor.port" $v.observability.monitor.port }}
{{- if and $name (not (has $name $names)) }}
{{ $where }} is {{ $name }}, and the ports are {{ join ", " $names }}: name one of them.{{ end }}
{{- end }}
{{- $offered := dict }}
{{- range include "morrow.servicePorts" . | fromYamlArray }}
{{- $key := printf "%s %d" .protocol (int .port) }}
{{- if hasKey $offered $key }}
ports.more.{{ .name }} and {{ get $offered $key }} are both {{ .port }} on the Service: give it another with service, or 0 to keep it off.{{ end }}
{{- $_ := set $offered $key (ternary "service.port" (printf "ports.more.%s" .name) (eq .name "http")) }}
{{- end }}{{ end }}{{ end }}

{{/* What a probe asks is one thing, and its command is words. It gets {where, probe}. */}}
{{- define "morrow.validate.asked" -}}
{{- if gt (len (compact (list (join "" .probe.exec) .probe.path (.probe.grpc | default dict).port))) 1 }}
{{ .where }} states more than one of path, exec and grpc: keep one.{{ end }}
{{- include "morrow.validate.words" (dict "where" (printf "%s.exec" .where) "words" .probe.exec) }}
{{- end }}
