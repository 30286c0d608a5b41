# The same in every root: reads environments/<this folder's name>.yaml over base.yaml.
variable "kubeconfig" {
  description = "The kubeconfig. The provider does not read the variable KUBECONFIG."
  type        = string
  default     = "~/.kube/config"
}

variable "context" {
  description = "Overrides target.context."
  type        = string
  default     = null
}

variable "image_digest" {
  description = "Overrides image.digest."
  type        = string
  default     = null
}

variable "secrets_revision" {
  description = "Overrides secrets.revision."
  type        = string
  default     = null
}

variable "timeout" {
  description = "Overrides the seconds until an install or upgrade that is not ready is rolled back."
  type        = number
  default     = null
}

locals {
  folder = "${path.root}/../../../environments"
  values = [for file in ["base", basename(abspath(path.root))] : file("${local.folder}/${file}.yaml")]
  given  = [for text in local.values : yamldecode(text)]
  target = merge([for table in local.given : try(table.target, {})]...)

  name      = merge(local.given...).name
  namespace = try(local.target.namespace, local.name)
  context   = coalesce(var.context, try(local.target.context, null))
}

output "chart" {
  description = "What was deployed."
  value       = module.service.chart
}

output "revision" {
  description = "The release's revision."
  value       = module.service.revision
}
