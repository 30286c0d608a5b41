{{/* Wrong combinations about the workload, its volumes and what scales it; see _validate.tpl. */}}
{{- define "morrow.validate.workload" -}}
{{- $v := .Values -}}
{{- $stateful := eq $v.workload "StatefulSet" -}}
{{- if and $stateful (eq $v.rollout.strategy "Recreate") }}
rollout.strategy is Recreate, and workload is StatefulSet, which replaces its pods one by one: take the strategy out.{{ end }}
{{- $many := or (ne $v.autoscaling.mode "none") (gt (int $v.replicas) 1) -}}
{{- range $name, $volume := $v.volumes }}
{{- if $volume }}
{{- $kinds := list -}}
{{- range $kind := list "source" "claim" "files" "secretProvider" }}
{{- if hasKey $volume $kind }}{{ $kinds = append $kinds $kind }}{{ end -}}
{{- end }}
{{- if not $kinds }}
volumes.{{ $name }} says nowhere what it is: state one of source, claim, files, secretProvider.{{ end }}
{{- if gt (len $kinds) 1 }}
volumes.{{ $name }} states {{ join " and " $kinds }}: keep one of them.{{ end }}
{{- if and $volume.claim (not $stateful) (has ($volume.claim.access | default "ReadWriteOnce") (list "ReadWriteOnce" "ReadWriteOncePod")) }}
{{- if $many }}
volumes.{{ $name }}.claim can be mounted on one node only, and there are several pods: write workload: StatefulSet (a volume a pod), replicas: 1 or access: ReadWriteMany.
{{- else if ne $v.rollout.strategy "Recreate" }}
volumes.{{ $name }}.claim can be mounted on one node only, and a rollout starts the new pod before the old one goes: write rollout.strategy: Recreate.{{ end }}
{{- end }}{{ end }}{{ end }}
{{- if and $v.serviceAccount.rules (not $v.serviceAccount.token) }}
serviceAccount.rules are stated, and the pods have no token to use them: write serviceAccount.token: true, or take them out.{{ end }}
{{- if and $v.serviceAccount.rules (not $v.serviceAccount.create) (not $v.serviceAccount.name) }}
serviceAccount.rules would be given to the namespace's default account: write serviceAccount.create: true, or name an account.{{ end }}
{{- if and (eq $v.pod.dnsPolicy "None") (not $v.pod.dnsConfig.nameservers) }}
pod.dnsPolicy is None, and pod.dnsConfig.nameservers is empty: name a server.{{ end }}
{{- end }}

{{- define "morrow.validate.scaling" -}}
{{- $scaling := .Values.autoscaling -}}
{{- if and (eq $scaling.mode "keda") (not $scaling.triggers) }}
autoscaling.mode is keda, and autoscaling.triggers is empty: state what it follows.{{ end }}
{{- if and (ne $scaling.mode "keda") $scaling.triggers }}
autoscaling.triggers are stated, and autoscaling.mode is {{ $scaling.mode }}: write mode: keda, or take them out.{{ end }}
{{- range $what := list "pods" "external" "objects" }}
{{- if and (ne $scaling.mode "hpa") (get $scaling $what) }}
autoscaling.{{ $what }} is stated, and autoscaling.mode is {{ $scaling.mode }}: write mode: hpa, or take it out.{{ end }}
{{- end }}
{{- if and (eq $scaling.mode "keda") (gt (int $scaling.min) (int $scaling.max)) }}
autoscaling.min is {{ $scaling.min }}, above autoscaling.max {{ $scaling.max }}.{{ end }}
{{- if and (eq $scaling.mode "hpa") (lt (int $scaling.min) 1) }}
autoscaling.min is 0, and only keda scales to nothing: write 1, or mode: keda.{{ end }}
{{- range $what := list "external" "objects" }}
{{- range $name, $asked := get $scaling $what }}
{{- if $asked }}
{{- if eq (hasKey $asked "value") (hasKey $asked "average") }}
autoscaling.{{ $what }}.{{ $name }} wants one target: value for all pods together, or average for each.{{ end }}
{{- end }}{{ end }}{{ end }}
{{- range $what, $least := $scaling.vertical.least }}
{{- $most := get ($scaling.vertical.most | default dict) $what }}
{{- if and $least $most (gt (include "morrow.amount" $least | float64) (include "morrow.amount" $most | float64)) }}
autoscaling.vertical.least.{{ $what }} is {{ $least }}, above autoscaling.vertical.most.{{ $what }} {{ $most }}.{{ end }}
{{- end }}
{{- if and (eq $scaling.vertical.mode "in-place") (eq $scaling.mode "hpa") (or (int $scaling.cpu) (int $scaling.memory)) }}
autoscaling.vertical changes the requests that autoscaling.cpu and memory are shares of: set both to 0, or vertical.mode: recommend.{{ end }}
{{- end }}
