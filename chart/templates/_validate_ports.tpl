{{/* Ports that are named and not there, and routes that nothing serves; see _validate.tpl. */}}
{{- define "morrow.validate.ports" -}}
{{- $v := .Values -}}
{{- $names := list "http" -}}
{{- $numbers := dict (printf "TCP %d" (int $v.ports.http)) "ports.http" -}}
{{- if $v.ports.admin }}{{ $names = append $names "admin" }}{{ $_ := set $numbers (printf "TCP %d" (int $v.ports.admin)) "ports.admin" }}{{ end -}}
{{- $asked := $names -}}
{{- if eq $v.service.targetPort "admin" }}
service.targetPort is admin, which nothing outside may reach: name another port.{{ end }}
{{- range $name, $port := $v.ports.more }}
{{- if has $name (list "http" "admin") }}
ports.more.{{ $name }} has the name of one of the chart's own ports: choose another.{{ end }}
{{- if $port }}
{{- $key := printf "%s %d" ($port.protocol | default "TCP") (int $port.port) }}
{{- if hasKey $numbers $key }}
ports.more.{{ $name }}.port is {{ $port.port | int }}, which {{ get $numbers $key }} has already.{{ end }}
{{- $_ := set $numbers $key (printf "ports.more.%s" $name) }}
{{- $names = append $names $name }}
{{- $asked = append $asked $name }}
{{- if and (eq (int $v.service.port) (include "morrow.offered" $port | int)) (eq ($port.protocol | default "TCP") "TCP") }}
ports.more.{{ $name }} and service.port are both {{ $v.service.port | int }} on the Service: give it another with service, or 0 to keep it off.{{ end }}
{{- end }}{{ end }}
{{- range $sidecar, $container := $v.sidecars }}
{{- range $name, $port := ($container | default dict).ports }}
{{- if has $name $names }}
sidecars.{{ $sidecar }}.ports.{{ $name }} has the name of another port of the pod: choose another.{{ end }}
{{- $key := printf "TCP %d" (int $port) }}
{{- if hasKey $numbers $key }}
sidecars.{{ $sidecar }}.ports.{{ $name }} is {{ $port | int }}, which {{ get $numbers $key }} has already.{{ end }}
{{- $_ := set $numbers $key (printf "sidecars.%s" $sidecar) }}
{{- $names = append $names $name }}
{{- end }}{{ end }}
{{- range $where, $name := dict "service.targetPort" $v.service.targetPort "observability.monitor.port" $v.observability.monitor.port }}
{{- if and $name (not (has $name $names)) }}
{{ $where }} is {{ $name }}, and the ports are {{ join ", " $names }}: name one of them.{{ end }}
{{- end }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{- $probe := get $v.probes $kind }}
{{- range $where, $name := dict "port" $probe.port "grpc.port" $probe.grpc.port }}
{{- if and $name (not (has $name $asked)) }}
probes.{{ $kind }}.{{ $where }} is {{ $name }}, and the service's ports are {{ join ", " $asked }}: name one of them.{{ end }}
{{- end }}
{{- if gt (len (compact (list (join "" $probe.exec) $probe.path $probe.grpc.port))) 1 }}
probes.{{ $kind }} states more than one of path, exec and grpc: keep one.{{ end }}
{{- end }}
{{- range $sidecar, $container := $v.sidecars }}
{{- range $kind, $probe := ($container | default dict).probes }}
{{- if $probe }}
{{- range $name := list $probe.port ($probe.grpc | default dict).port }}
{{- if and $name (not (hasKey ($container.ports | default dict) $name)) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} asks the port {{ $name }}, which is not in sidecars.{{ $sidecar }}.ports.{{ end }}
{{- end }}
{{- if not (or $probe.exec $probe.grpc $probe.port) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} does not say what it asks: state exec, grpc or port (and path).{{ end }}
{{- end }}{{ end }}{{ end }}
{{- range $name, $container := $v.initContainers }}
{{- range $what := list "ports" "probes" }}
{{- if get ($container | default dict) $what }}
initContainers.{{ $name }}.{{ $what }} means nothing: it ends before the service starts. Make it a sidecar, or take it out.{{ end }}
{{- end }}{{ end }}{{ end }}
