{{/* What a protected environment asks for; see _validate.tpl. [CODE KEY]: the tool's own name for it. */}}
{{- define "morrow.validate.protected" -}}
{{- if .Values.target.protected }}
{{- if not .Values.image.digest }}
target.protected asks for image.digest: a tag can come to mean another image [digest-needed image.digest].{{ end }}
{{- if not .Values.network.policy }}
target.protected asks for a NetworkPolicy: write network.policy: true.{{ end }}
{{- if .Values.web.enabled }}
{{- if not .Values.pdb.enabled }}
target.protected asks for a disruption budget: write pdb.enabled: true.{{ end }}
{{- if not (int .Values.drain) }}
target.protected asks for a drain, or each rollout loses requests: write drain: 5.{{ end }}
{{- if lt (include "morrow.fewest" . | int) 2 }}
{{- $key := ternary "replicas" "autoscaling.min" (eq (include "morrow.scaledBy" .) "replicas") }}
target.protected asks for two pods: raise {{ $key }} to 2 [replicas-needed {{ $key }}].{{ end }}
{{- end }}
{{- end }}{{ end }}
