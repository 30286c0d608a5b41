{{/*
Where a volume of `volumes` comes from, as JSON. It gets {root, name, volume}; nothing for a claim of
a StatefulSet, which makes one for each pod.
*/}}
{{- define "morrow.source" -}}
{{- $name := printf "%s-%s" .root.Values.name .name -}}
{{- with .volume -}}
{{- if .claim -}}
{{- if eq $.root.Values.workload "Deployment" -}}
{{ dict "persistentVolumeClaim" (dict "claimName" $name) | toJson }}
{{- else -}}
{}
{{- end -}}
{{- else if .files -}}
{{ dict "configMap" (dict "name" (include "morrow.filesName" $)) | toJson }}
{{- else if .secretProvider -}}
{{ dict "csi" (dict "driver" "secrets-store.csi.k8s.io" "readOnly" true "volumeAttributes" (dict "secretProviderClass" $name)) | toJson }}
{{- else -}}
{{ .source | toJson }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Named by its content, like the settings: a changed file rolls the pods. It gets {root, name, volume}. */}}
{{- define "morrow.filesName" -}}
{{ .root.Values.name }}-{{ .name }}-{{ .volume.files | toJson | sha256sum | trunc 10 }}
{{- end }}

{{/* What a claim asks for. */}}
{{- define "morrow.claim" -}}
accessModes: [{{ .access | default "ReadWriteOnce" }}]
{{- with .class }}
storageClassName: {{ . | quote }}
{{- end }}
resources: {requests: {storage: {{ .size | quote }}}}
{{- end }}
