{{/* Secrets as variables, or where their files are. It gets {root, keys, told}. */}}
{{- define "morrow.secretEnv" -}}
{{- $root := .root }}
{{- if eq $root.Values.secrets.as "env" }}
{{- range .keys }}
- name: {{ . | quote }}
  valueFrom: {secretKeyRef: {name: {{ include "morrow.secretName" $root | quote }}, key: {{ . | quote }}}}
{{- end }}
{{- else if and .keys .told }}
- {name: MORROW_SECRETS_DIR, value: {{ include "morrow.secretsPath" . }}}{{ end }}
{{- end }}

{{- define "morrow.secretsPath" -}}/run/secrets/morrow{{- end }}

{{/* A container's own choice of secrets, as files. It gets {root, keys, volume}. */}}
{{- define "morrow.secretVolume" -}}
{{- if and .keys (eq .root.Values.secrets.as "files") }}
- name: {{ .volume }}
  secret:
    secretName: {{ include "morrow.secretName" .root | quote }}
    defaultMode: 288 # 0440
    items:
      {{- range .keys }}
      - {key: {{ . | quote }}, path: {{ . | quote }}}{{ end }}
{{- end }}{{ end }}
