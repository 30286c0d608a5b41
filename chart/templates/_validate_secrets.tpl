{{/* Wrong combinations about secrets; see _validate.tpl. */}}
{{- define "morrow.validate.secrets" -}}
{{- /* Only beside a cluster: there its default account is found. */}}
{{- $keys := .Values.secrets.keys }}
{{- $name := include "morrow.secretName" . }}
{{- if and $keys (ne .Values.secrets.provider "external") .Values.serviceAccount.create (lookup "v1" "ServiceAccount" .Release.Namespace "default") (not (lookup "v1" "Secret" .Release.Namespace $name)) }}
Secret {{ $name }} is not in the namespace {{ .Release.Namespace }}, and the pods could not start: kubectl --namespace {{ .Release.Namespace }} create secret generic {{ $name }} --from-env-file FILE, with {{ join ", " $keys }}.
{{- end }}
{{- with .Values.secrets.rotation }}
{{- if and .kind (or (not (has .key $keys)) (ne (len .users) 2)) }}
secrets.rotation.kind is {{ .kind }}: it needs a key, which stands in secrets.keys, and two users.{{ end }}{{ end }}{{ end }}

{{/* Secrets in clear text, told by their form, wherever people write text. */}}
{{- define "morrow.validate.clear" -}}
{{- $forms := .Files.Get "files/clear.yaml" | fromYaml }}
{{- range $at := list "config" "env" "command" "args" "annotations" "pod" "service" "autoscaling" "probes" "volumes" "sidecars" "initContainers" "processes" "extra" }}
{{- include "morrow.clear" (dict "at" $at "value" (index $.Values $at) "forms" $forms "any" (values $forms | join "|")) }}
{{- end }}{{ end }}

{{/* The same below one key. It gets {at, value, forms, any}. */}}
{{- define "morrow.clear" -}}
{{- if not (kindIs "string" .value) }}
{{- range $key, $value := .value }}
{{- if and (ne (toString $key) "image") (has (kindOf $value) (list "string" "map" "slice")) }}
{{- include "morrow.clear" (dict "at" (printf "%s.%v" $.at $key) "value" $value "forms" $.forms "any" $.any) }}{{ end }}{{ end }}
{{- else if and (gt (len .value) 8) (regexMatch .any .value) }}
{{- range $what, $form := .forms }}
{{- if regexMatch $form $.value }}
{{ $.at }} holds {{ $what }} in clear text: list {{ ternary (splitList "." $.at | last) "it" (regexMatch "^config[.]|env[.]" $.at) }} in secrets.keys, and give its value to `morrow secrets` or your store.{{ end }}
{{- end }}{{ end }}{{ end }}
