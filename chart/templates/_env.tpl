{{/* Variables of the service's container: the kit's own, secrets unless they are files, `env`. */}}
{{- define "morrow.env" -}}
{{- $v := .Values -}}
{{- if $v.ports.admin }}
{{- if not (or (hasKey $v.env "MORROW_HOST") (hasKey $v.config "MORROW_HOST")) }}
{{- /* The kit listens on loopback unless told; a cluster of IPv6 alone says "::" in env. */}}
- {name: MORROW_HOST, value: 0.0.0.0}
{{- end }}
- {name: MORROW_PORT, value: {{ $v.ports.http | int | quote }}}
- {name: MORROW_ADMIN_PORT, value: {{ $v.ports.admin | int | quote }}}
- {name: MORROW_DRAIN, value: {{ $v.drain | int | quote }}}
- {name: MORROW_GRACE, value: {{ $v.grace | int | quote }}}
- {name: MORROW_PROTECTED, value: {{ $v.target.protected | default false | quote }}}
- {name: MORROW_RELEASE, value: {{ include "morrow.image" . | quote }}}
{{- with $v.environment }}
- {name: MORROW_ENVIRONMENT, value: {{ . | quote }}}
{{- end }}
{{- if $v.secrets.keys }}
- {name: MORROW_SECRETS_REVISION, value: {{ $v.secrets.revision | quote }}}
{{- if eq $v.secrets.as "files" }}
- {name: MORROW_SECRETS_DIR, value: {{ include "morrow.secretsPath" . }}}
{{- end }}
{{- end }}
{{- end }}
{{- if eq $v.secrets.as "env" }}
{{- range $v.secrets.keys }}
- name: {{ . | quote }}
  valueFrom: {secretKeyRef: {name: {{ include "morrow.secretName" $ | quote }}, key: {{ . | quote }}}}
{{- end }}
{{- end }}
{{- include "morrow.envMap" $v.env }}
{{- end }}

{{/* A map of variables as Kubernetes' list: text is a value, anything else a valueFrom. */}}
{{- define "morrow.envMap" -}}
{{- range $name, $value := . }}
- name: {{ $name | quote }}
  {{- if kindIs "string" $value }}
  value: {{ $value | quote }}
  {{- else }}
  valueFrom: {{ toJson $value }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "morrow.secretsPath" -}}/run/secrets/morrow{{- end }}

{{/* The volumes of the service's container and of the job; `early` leaves out those made only with the release. */}}
{{- define "morrow.volumes" -}}
- name: tmp
  emptyDir: {}
{{- if and .Values.secrets.keys (eq .Values.secrets.as "files") }}
- name: secrets
  secret:
    secretName: {{ include "morrow.secretName" . | quote }}
    defaultMode: 288 # 0440
    items:
      {{- range .Values.secrets.keys }}
      - {key: {{ . | quote }}, path: {{ . | quote }}}
      {{- end }}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if and $volume (not (and $.early (or $volume.claim $volume.secretProvider))) }}
{{- with include "morrow.source" (dict "root" $ "name" $name "volume" $volume) | fromJson }}
- {{ merge (dict "name" (printf "volume-%s" $name)) . | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.mounts" -}}
{{- if and .Values.secrets.keys (eq .Values.secrets.as "files") }}
- {name: secrets, mountPath: {{ include "morrow.secretsPath" . }}, readOnly: true}
{{- end }}
{{- range $name, $volume := .Values.volumes }}
{{- if and $volume (not (and $.early (or $volume.claim $volume.secretProvider))) }}
- {{ merge (dict "name" (printf "volume-%s" $name)) (omit $volume "source" "claim" "files" "secretProvider") | toJson }}
{{- end }}
{{- end }}
{{- end }}

{{- define "morrow.envFrom" -}}
{{- if .Values.config }}
- configMapRef: {name: {{ include "morrow.configMapName" . }}}
{{- end }}
{{- include "morrow.envFromMap" .Values.envFrom }}
{{- end }}

{{/* Whole ConfigMaps and Secrets of the namespace as variables. */}}
{{- define "morrow.envFromMap" -}}
{{- $from := . -}}
{{- range $kind, $reference := dict "configMaps" "configMapRef" "secrets" "secretRef" }}
{{- range $name, $how := get ($from | default dict) $kind | default dict }}
{{- if kindIs "map" $how }}
- {{ merge (dict $reference (dict "name" $name "optional" ($how.optional | default false))) (pick $how "prefix") | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
