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
{{- $items := list -}}
{{- range $file, $_ := .files -}}
{{- $field := printf "metadata.annotations['%s']" (include "morrow.fileKey" (dict "name" $.name "file" $file)) -}}
{{- $items = append $items (dict "path" $file "fieldRef" (dict "fieldPath" $field)) -}}
{{- end -}}
{{ dict "downwardAPI" (dict "items" $items) | toJson }}
{{- else if .secretProvider -}}
{{ dict "csi" (dict "driver" "secrets-store.csi.k8s.io" "readOnly" true "volumeAttributes" (dict "secretProviderClass" $name)) | toJson }}
{{- else -}}
{{ .source | toJson }}
{{- end -}}
{{- end -}}
{{- end }}

{{/*
Small files stand in annotations of the pods, as settings do in their variables: an old pod keeps its own,
and nothing has to be swept.
*/}}
{{- define "morrow.fileNotes" -}}
{{- range $name, $volume := .Values.volumes }}
{{- range $file, $text := $volume.files }}
{{ include "morrow.fileKey" (dict "name" $name "file" $file) }}: {{ $text | quote }}{{ end }}
{{- end }}{{ end }}

{{- define "morrow.fileKey" -}}
files.morrow/{{ .name }}-{{ .file | sha256sum | trunc 10 }}
{{- end }}

{{/* What a claim asks for. */}}
{{- define "morrow.claim" -}}
accessModes: [{{ .access | default "ReadWriteOnce" }}]
{{- with .class }}
storageClassName: {{ . | quote }}{{ end }}
resources: {requests: {storage: {{ .size | quote }}}}
{{- end }}
