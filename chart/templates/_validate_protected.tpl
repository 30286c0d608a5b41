{{/* What a protected environment asks for; see _validate.tpl. */}}
{{- define "morrow.validate.protected" -}}
{{- if .Values.target.protected }}
{{- if not .Values.image.digest }}
target.protected asks for image.digest: a tag can come to mean another image.{{ end }}
{{- if not .Values.network.policy }}
target.protected asks for a NetworkPolicy: write network.policy: true.{{ end }}
{{- if .Values.web.enabled }}
{{- if not .Values.pdb.enabled }}
target.protected asks for a disruption budget: write pdb.enabled: true.{{ end }}
{{- if not (int .Values.drain) }}
target.protected asks for a drain, or each rollout loses requests: write drain: 5.{{ end }}
{{- if lt (include "morrow.fewest" . | int) 2 }}
target.protected asks for two pods: raise {{ ternary "autoscaling.min" "replicas" (eq .Values.autoscaling.mode "hpa") }} to 2.{{ end }}
{{- end }}
{{- range $place := list "config" "env" }}
{{- $reveal := get (index $.Values $place) "REVEAL_SECRETS" | toString | lower }}
{{- if and (hasKey (index $.Values $place) "REVEAL_SECRETS") (not (has $reveal (list "" "0" "false" "no" "off"))) }}
target.protected refuses {{ $place }}.REVEAL_SECRETS: take it out.{{ end }}
{{- end }}{{ end }}{{ end }}
