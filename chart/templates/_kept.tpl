{{/*
Annotations of a ConfigMap that is immutable and named by its content, so that an old pod that
restarts in the middle of a bad rollout still reads its own settings. It must outlive its release,
and a rollback must be able to name it again: kept by a resource policy alone, Helm before 3.22 (the
Terraform provider's too) refuses that ("no ConfigMap with the name ... found"). So it is a hook,
which Helm makes before everything else and never deletes.
*/}}
{{- define "morrow.kept" -}}
helm.sh/hook: pre-install,pre-upgrade,pre-rollback
helm.sh/hook-weight: "-10"
helm.sh/hook-delete-policy: before-hook-creation
helm.sh/resource-policy: keep
{{- end }}
