{{/* Ports that are named and not there, and routes that nothing serves; see _validate.tpl. */}}
{{- define "morrow.validate.ports" -}}
{{- $v := .Values -}}
{{- $names := list "http" -}}
{{- $numbers := dict (printf "TCP %d" (int $v.ports.http)) "ports.http" -}}
{{- if $v.ports.admin }}{{ $names = append $names "admin" }}{{ $_ := set $numbers (printf "TCP %d" (int $v.ports.admin)) "ports.admin" }}{{ end -}}
{{- $asked := $names -}}
{{- range $name, $port := $v.ports.more }}
{{- if $port }}
{{- $key := printf "%s %d" ($port.protocol | default "TCP") (int $port.port) }}
{{- if hasKey $numbers $key }}
ports.more.{{ $name }}.port is {{ $port.port | int }}, which {{ get $numbers $key }} has already.
{{- end }}
{{- $_ := set $numbers $key (printf "ports.more.%s" $name) }}
{{- $names = append $names $name }}
{{- $asked = append $asked $name }}
{{- if and (eq (int $v.service.port) (include "morrow.offered" $port | int)) (eq ($port.protocol | default "TCP") "TCP") }}
ports.more.{{ $name }} and service.port are both {{ $v.service.port | int }} on the Service: give it another with service, or 0 to keep it off.
{{- end }}
{{- end }}
{{- end }}
{{- range $sidecar, $container := $v.sidecars }}
{{- range $name, $port := ($container | default dict).ports }}
{{- if has $name $names }}
sidecars.{{ $sidecar }}.ports.{{ $name }} has the name of another port of the pod: choose another.
{{- end }}
{{- $key := printf "TCP %d" (int $port) }}
{{- if hasKey $numbers $key }}
sidecars.{{ $sidecar }}.ports.{{ $name }} is {{ $port | int }}, which {{ get $numbers $key }} has already.
{{- end }}
{{- $_ := set $numbers $key (printf "sidecars.%s" $sidecar) }}
{{- $names = append $names $name }}
{{- end }}
{{- end }}
{{- range $where, $name := dict "service.targetPort" $v.service.targetPort "observability.monitor.port" $v.observability.monitor.port }}
{{- if and $name (not (has $name $names)) }}
{{ $where }} is {{ $name }}, and the ports are {{ join ", " $names }}: name one of them.
{{- end }}
{{- end }}
{{- range $kind := list "startup" "readiness" "liveness" }}
{{- $probe := get $v.probes $kind }}
{{- range $where, $name := dict "port" $probe.port "grpc.port" $probe.grpc.port }}
{{- if and $name (not (has $name $asked)) }}
probes.{{ $kind }}.{{ $where }} is {{ $name }}, and the service's ports are {{ join ", " $asked }}: name one of them.
{{- end }}
{{- end }}
{{- if gt (len (compact (list (join "" $probe.exec) $probe.path $probe.grpc.port))) 1 }}
probes.{{ $kind }} states more than one of path, exec and grpc: keep one.
{{- end }}
{{- end }}
{{- range $sidecar, $container := $v.sidecars }}
{{- range $kind, $probe := ($container | default dict).probes }}
{{- if $probe }}
{{- range $name := list $probe.port ($probe.grpc | default dict).port }}
{{- if and $name (not (hasKey ($container.ports | default dict) $name)) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} asks the port {{ $name }}, which is not in sidecars.{{ $sidecar }}.ports.
{{- end }}
{{- end }}
{{- if not (or $probe.exec $probe.grpc $probe.port) }}
sidecars.{{ $sidecar }}.probes.{{ $kind }} does not say what it asks: state exec, grpc or port (and path).
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $container := $v.initContainers }}
{{- range $what := list "ports" "probes" }}
{{- if get ($container | default dict) $what }}
initContainers.{{ $name }}.{{ $what }} means nothing: it ends before the service starts. Make it a sidecar, or take it out.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.routes" -}}
{{- $v := .Values -}}
{{- $offered := list -}}
{{- range include "morrow.servicePorts" . | fromYamlArray }}{{ $offered = append $offered .name }}{{ end -}}
{{- if and $v.routes (eq $v.route.mode "none") }}
routes are stated, and route.mode is none: write route.mode: gateway or ingress, or take them out.
{{- end }}
{{- range $where, $route := merge (dict "route" $v.route) (include "morrow.prefixed" $v.routes | fromJson) }}
{{- if $route }}
{{- if not (or $route.hosts $v.route.hosts (eq $where "route")) }}
{{ $where }}.hosts is empty, and so is route.hosts: state the host names.
{{- end }}
{{- if and $route.port (not (has $route.port $offered)) }}
{{ $where }}.port is {{ $route.port }}, and the Service's ports are {{ join ", " $offered }}: name one of them.
{{- end }}
{{- if and (eq ($route.protocol | default "http") "grpc") (or $route.timeouts $route.paths (ne ($route.path | default "/") "/")) }}
{{ $where }}.protocol is grpc, whose route knows neither paths nor timeouts: take them out.
{{- end }}
{{- if eq $v.route.mode "ingress" }}
{{- range $key := list "filters" "timeouts" }}
{{- if get $route $key }}
{{ $where }}.{{ $key }} belong to a Gateway's route, and route.mode is ingress: use the controller's annotations.
{{- end }}
{{- end }}
{{- if eq ($route.protocol | default "http") "grpc" }}
{{ $where }}.protocol is grpc, and route.mode is ingress: write route.mode: gateway, or use the controller's annotations.
{{- end }}
{{- end }}
{{- if and (eq $v.route.mode "gateway") (ne $where "route") (or $route.className ($route.tls | default dict).secret) }}
{{ $where }} states className or tls, and route.mode is gateway: both belong to an Ingress.
{{- end }}
{{- end }}
{{- end }}
{{- if and (ne $v.service.type "LoadBalancer") $v.service.loadBalancerClass }}
service.loadBalancerClass is stated, and service.type is {{ $v.service.type }}: write type: LoadBalancer, or take it out.
{{- end }}
{{- if and (eq $v.service.type "ClusterIP") $v.service.externalTrafficPolicy }}
service.externalTrafficPolicy is stated, and service.type is ClusterIP, which nothing outside reaches: take it out.
{{- end }}
{{- end }}

{{/* A map with its keys written as people write them in a sentence: routes.api. */}}
{{- define "morrow.prefixed" -}}
{{- $found := dict -}}
{{- range $name, $route := . }}{{ $_ := set $found (printf "routes.%s" $name) $route }}{{ end -}}
{{ toJson $found }}
{{- end }}
