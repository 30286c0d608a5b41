# Every chart and its exact version, in one place. Override one to take it from a registry of yours.
variable "charts" {
  description = "Charts by release: an address or a folder, and the exact version."
  type = map(object({
    chart   = string
    version = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.charts), keys(local.pinned))) == 0
    error_message = "charts: ${join(", ", setsubtract(keys(var.charts), keys(local.pinned)))} is no release of this module: ${join(", ", keys(local.pinned))}."
  }

  validation {
    condition     = alltrue([for chart in values(var.charts) : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+", chart.version))])
    error_message = "charts: ${jsonencode(var.charts)}: a version is no exact one like 1.2.3."
  }
}

locals {
  pinned = {
    argocd                = { version = "9.5.14", chart = "oci://ghcr.io/argoproj/argo-helm/argo-cd" }
    metrics-server        = { version = "3.13.1", chart = "https://github.com/kubernetes-sigs/metrics-server/releases/download/metrics-server-helm-chart-3.13.1/metrics-server-3.13.1.tgz" }
    load-balancer         = { version = "3.5.0", chart = "https://aws.github.io/eks-charts/aws-load-balancer-controller-3.5.0.tgz" }
    external-dns          = { version = "1.21.1", chart = "https://github.com/kubernetes-sigs/external-dns/releases/download/external-dns-helm-chart-1.21.1/external-dns-1.21.1.tgz" }
    external-secrets      = { version = "2.11.0", chart = "oci://ghcr.io/external-secrets/charts/external-secrets" }
    kube-prometheus-stack = { version = "88.5.0", chart = "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack" }
    karpenter-crd         = { version = "1.14.1", chart = "oci://public.ecr.aws/karpenter/karpenter-crd" }
    karpenter             = { version = "1.14.1", chart = "oci://public.ecr.aws/karpenter/karpenter" }
  }
  charts = merge(local.pinned, var.charts)
}
