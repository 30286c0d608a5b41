{{/* Fields of every pod. */}}
{{- define "morrow.pod" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.security.user | int64 }}
  runAsGroup: {{ .Values.security.group | int64 }}
  fsGroup: {{ .Values.security.group | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
  {{- if lt (min (int (.Values.ports.http | default 65535)) (int (.Values.ports.admin | default 65535))) 1024 }}
  # A port below 1024 without root; one of the sysctls that Pod Security counts as safe.
  sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
  {{- end }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range $name, $on := . }}
  {{- if $on }}
  - name: {{ $name | quote }}{{ end }}
  {{- end }}{{ end }}
{{- with .Values.pod }}
{{- with .priorityClass }}
priorityClassName: {{ . | quote }}{{ end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}{{ end }}
{{- with .tolerations }}
tolerations: {{- values . | toYaml | nindent 2 }}{{ end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}{{ end }}
{{- with .runtimeClass }}
runtimeClassName: {{ . | quote }}{{ end }}
{{- with .dnsPolicy }}
dnsPolicy: {{ . }}{{ end }}
{{- with .dnsConfig }}
dnsConfig:
  {{- with .nameservers }}
  nameservers: {{ toJson . }}{{ end }}
  {{- with .searches }}
  searches: {{ toJson . }}{{ end }}
  {{- with .options }}
  options:
    {{- range $name, $value := . }}
    - {name: {{ $name | quote }}{{ if $value }}, value: {{ $value | quote }}{{ end }}}
    {{- end }}{{ end }}{{ end }}
{{- with .hostAliases }}
hostAliases:
  {{- range $ip, $names := . }}
  {{- if $names }}
  - {ip: {{ $ip | quote }}, hostnames: {{ toJson $names }}}{{ end }}
  {{- end }}{{ end }}{{ end }}{{ end }}
