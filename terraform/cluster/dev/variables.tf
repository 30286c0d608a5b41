variable "region" {
  description = "The platform's region."
  type        = string
  nullable    = false
}

variable "kubeconfig" {
  description = "The kubeconfig. The provider does not read the variable KUBECONFIG."
  type        = string
  default     = "~/.kube/config"
  nullable    = false
}

variable "context" {
  description = "The kubeconfig's context; unset: the cluster's ARN, as `aws eks update-kubeconfig` names it."
  type        = string
  default     = null
}

variable "charts" {
  description = "Overrides of terraform/modules/controllers/charts.tf."
  type        = map(object({ chart = string, version = string }))
  default     = {}
  nullable    = false
}

variable "monitoring" {
  description = "Prometheus and Grafana: days that metrics stay, the disk for them in GB, the Secret with the webhook that alerts go to; null: none."
  type        = object({ days = optional(number, 15), disk = optional(number, 50), receiver = optional(string, "") })
  default     = {}
}

variable "argocd" {
  description = "Whether Argo CD runs in the cluster and deploys the services from Git."
  type        = bool
  default     = false
  nullable    = false
}

variable "pools" {
  description = "Karpenter's pools. See terraform/modules/controllers."
  type = map(object({
    categories    = optional(list(string), ["c", "m", "r"])
    architectures = optional(list(string), ["arm64"])
    capacity      = optional(list(string), ["on-demand"])
    cpu           = optional(number, 64)
  }))
  default  = { general = {} }
  nullable = false
}
