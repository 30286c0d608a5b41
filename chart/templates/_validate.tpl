{{/*
What the schema cannot say: wrong combinations. Every sentence names its keys and the mend; all
are told at once. One template for each part below returns its sentences, a line each.
*/}}
{{- define "morrow.validate" -}}
{{- $problems := list -}}
{{- range $part := list "variables" "secrets" "protected" "pods" "route" "network" "containers" "others" -}}
{{- range include (printf "morrow.validate.%s" $part) $ | trim | splitList "\n" -}}
{{- if trim . }}{{ $problems = append $problems (trim .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $problems }}
{{- $said := printf "\n\nThese values cannot work together:\n- %s\n" (join "\n- " $problems) }}
{{- fail $said }}
{{- /* `helm lint`, and so Terraform's plan, passes over `fail`; a template that is not there stops it. */}}
{{- include $said . }}
{{- end -}}
{{- end }}

{{- define "morrow.validate.variables" -}}
{{- $v := .Values -}}
{{- range $v.secrets.keys }}
{{- if hasKey $v.config . }}
{{ . }} stands in config and in secrets.keys: take it out of config, or it is no secret.
{{- end }}
{{- if hasKey $v.env . }}
{{ . }} stands in env and in secrets.keys: take it out of one of them.
{{- end }}
{{- end }}
{{- range $name, $_ := $v.env }}
{{- if hasKey $v.config $name }}
{{ $name }} stands in config and in env: take it out of one of them.
{{- end }}
{{- end }}
{{- if $v.ports.admin }}
{{- range list "PORT" "ADMIN_PORT" "DRAIN" "GRACE" "ENVIRONMENT" "PROTECTED" "RELEASE" "SECRETS_REVISION" "SECRETS_DIR" }}
{{- $name := printf "MORROW_%s" . }}
{{- if or (hasKey $v.config $name) (hasKey $v.env $name) (has $name $v.secrets.keys) }}
{{ $name }} is set by the chart: take it out of config, env and secrets.keys, and use the chart's own key (ports, drain, grace, environment, secrets).
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.secrets" -}}
{{- with .Values.secrets }}
{{- if eq .provider "existing" }}
{{- if and .keys (not .name) }}
secrets.provider is existing, and secrets.name is empty: name the Secret that holds secrets.keys.
{{- end }}
{{- if and .name (not .keys) }}
secrets.name is {{ .name }}, and secrets.keys is empty: list the variables that the service takes from it.
{{- end }}
{{- end }}
{{- if and (eq .provider "external") .keys (not .external.store) }}
secrets.provider is external, and secrets.external.store is empty: name the SecretStore to read from.
{{- end }}
{{- if and (ne .provider "external") .external.store }}
secrets.external.store is {{ .external.store }}, and secrets.provider is {{ .provider }}: write provider: external, or take the store out.
{{- end }}
{{- if and (eq .provider "external") .keys (or $.Values.job.command $.Values.job.args) }}
job.command runs before the install, and secrets.provider external makes its Secret only during it: give the job an existing Secret (secrets.provider: existing).
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.protected" -}}
{{- if .Values.target.protected }}
{{- if not .Values.image.digest }}
target.protected asks for image.digest: a tag can come to mean another image.
{{- end }}
{{- if lt (include "morrow.fewest" . | int) 2 }}
target.protected asks for two pods: raise {{ ternary "autoscaling.min" "replicas" (eq .Values.autoscaling.mode "hpa") }} to 2.
{{- end }}
{{- range $place := list "config" "env" }}
{{- $reveal := get (index $.Values $place) "REVEAL_SECRETS" | toString | lower }}
{{- if and (hasKey (index $.Values $place) "REVEAL_SECRETS") (not (has $reveal (list "" "0" "false" "no" "off"))) }}
target.protected refuses {{ $place }}.REVEAL_SECRETS: take it out.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.pods" -}}
{{- $v := .Values -}}
{{- with $v.autoscaling }}
{{- if eq .mode "hpa" }}
{{- if gt (int .min) (int .max) }}
autoscaling.min is {{ .min }}, above autoscaling.max {{ .max }}.
{{- end }}
{{- if not (or (int .cpu) (int .memory) .pods) }}
autoscaling.mode is hpa without a target: set autoscaling.cpu, autoscaling.memory or autoscaling.pods.
{{- end }}
{{- range $resource := list "cpu" "memory" }}
{{- if and (int (get $v.autoscaling $resource)) (not (get $v.resources.requests $resource)) }}
autoscaling.{{ $resource }} is a share of resources.requests.{{ $resource }}, which is not set.
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $fewest := include "morrow.fewest" . | int }}
{{- if and $v.pdb.enabled (ge $fewest 2) (ge (int $v.pdb.maxUnavailable) $fewest) }}
pdb.maxUnavailable is {{ $v.pdb.maxUnavailable }} of {{ $fewest }} pods: a drain could take all of them at once.
{{- end }}
{{- $budget := add (mul $v.probes.startup.periodSeconds $v.probes.startup.failureThreshold) $v.rollout.minReadySeconds }}
{{- if le (int $v.rollout.progressDeadlineSeconds) (int $budget) }}
rollout.progressDeadlineSeconds is {{ $v.rollout.progressDeadlineSeconds }}, and a pod may take {{ $budget }} s (probes.startup.periodSeconds x failureThreshold + rollout.minReadySeconds): raise it above that.
{{- end }}
{{- if eq (int $v.ports.http) (int ($v.ports.admin | default 0)) }}
ports.http and ports.admin are both {{ $v.ports.http }}.
{{- end }}
{{- range $name, $_ := $v.pod.labels }}
{{- if hasPrefix "app.kubernetes.io/" $name }}
pod.labels.{{ $name }} is one of the chart's own labels: choose another name.
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.route" -}}
{{- with .Values.route }}
{{- if and (ne .mode "none") (not .hosts) }}
route.mode is {{ .mode }}, and route.hosts is empty: state the host names.
{{- end }}
{{- if eq .mode "gateway" }}
{{- if not .gateway.name }}
route.mode is gateway, and route.gateway.name is empty: name the Gateway.
{{- end }}
{{- if .tls.secret }}
route.tls.secret is stated, and route.mode is gateway: the certificate is the Gateway's own business.
{{- end }}
{{- if .className }}
route.className is stated, and route.mode is gateway: it belongs to an Ingress.
{{- end }}
{{- end }}
{{- if and (eq .mode "ingress") .gateway.name }}
route.gateway.name is stated, and route.mode is ingress: write mode: gateway, or take it out.
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.network" -}}
{{- $v := .Values -}}
{{- with $v.network }}
{{- if .policy }}
{{- if and (eq $v.route.mode "ingress") (not .ingress.gateway) (not .ingress.cidrs) }}
route.mode is ingress, and the NetworkPolicy would keep its controller out: name its namespace in network.ingress.gateway, or its addresses in network.ingress.cidrs.
{{- end }}
{{- if and (ne $v.service.type "ClusterIP") (not .ingress.cidrs) }}
service.type is {{ $v.service.type }}, and the NetworkPolicy would keep callers out: state their addresses in network.ingress.cidrs.
{{- end }}
{{- else }}
{{- if or .egress .ingress.from .ingress.cidrs .ingress.gateway }}
network.policy is false, so network.ingress and network.egress would mean nothing: take them out, or write policy: true.
{{- end }}
{{- end }}
{{- range $name, $to := (.egress.to | default dict) }}
{{- if and $to.cidr (or $to.namespace $to.pods) }}
network.egress.to.{{ $name }} states cidr together with namespace or pods: make two entries of it.
{{- end }}
{{- if not (or $to.cidr $to.namespace $to.pods) }}
network.egress.to.{{ $name }} states ports only: say where to, by cidr, namespace or pods.
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.containers" -}}
{{- $v := .Values -}}
{{- $paths := dict -}}
{{- if and $v.secrets.keys (eq $v.secrets.as "files") }}{{ $_ := set $paths (include "morrow.secretsPath" .) "secrets" }}{{ end -}}
{{- $_ := set $paths "/tmp" "the writable /tmp" -}}
{{- range $name, $volume := $v.volumes }}
{{- $path := $volume.mountPath | trimSuffix "/" }}
{{- if hasKey $paths $path }}
volumes.{{ $name }}.mountPath is {{ $path }}, where {{ get $paths $path }} is mounted already.
{{- end }}
{{- $_ := set $paths $path (printf "volumes.%s" $name) }}
{{- end }}
{{- range $name, $_ := $v.sidecars }}
{{- if hasKey $v.initContainers $name }}
{{ $name }} stands in sidecars and in initContainers: give one of them another name.
{{- end }}
{{- end }}
{{- range $place := list "sidecars" "initContainers" }}
{{- if hasKey (index $v $place) $v.name }}
{{ $place }}.{{ $v.name }} has the service's own name: give it another.
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.validate.others" -}}
{{- $v := .Values -}}
{{- if and $v.serviceAccount.annotations (not $v.serviceAccount.create) }}
serviceAccount.annotations are stated, and serviceAccount.create is false: annotate that account where it is made.
{{- end }}
{{- if not $v.ports.admin }}
{{- range list "rules" "dashboard" }}
{{- if (get $v.observability .).enabled }}
observability.{{ . }}.enabled needs the kit's metrics, and ports.admin is null: switch it off, or bring rules of your own under extra.
{{- end }}
{{- end }}
{{- if and $v.test.command (not $v.test.image) }}
test.command is stated, and an image without the kit is tested only with test.image: state it.
{{- end }}
{{- end }}
{{- if and $v.test.image (not $v.test.command) }}
test.image is stated without test.command: say what it runs; SERVICE_URL holds the address.
{{- end }}
{{- range $name, $object := $v.extra }}
{{- if eq $object.kind "Secret" }}
extra.{{ $name }} is a Secret, whose values would stand in Helm's release: make it with kubectl and name it in secrets.name.
{{- end }}
{{- end }}
{{- end }}
