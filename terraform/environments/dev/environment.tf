# The same in every root: reads environments/<this folder's name>.yaml over base.yaml.
terraform {
  required_version = ">= 1.11"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.1.1, < 4"
    }
  }
}

variable "kubeconfig" {
  description = "The kubeconfig. The provider does not read the variable KUBECONFIG."
  type        = string
  default     = "~/.kube/config"
  nullable    = false

  validation {
    condition     = can(file(pathexpand(var.kubeconfig)))
    error_message = "kubeconfig ${jsonencode(var.kubeconfig)} cannot be read: say -var kubeconfig=PATH, one file."
  }
}

variable "context" {
  description = "Overrides target.context."
  type        = string
  default     = null

  validation {
    condition     = try(contains(local.contexts, coalesce(var.context, local.target.context)), false)
    error_message = "context ${jsonencode(try(coalesce(var.context, local.target.context), ""))} does not exist in ${var.kubeconfig}: say target.context in the environment's file, or -var context=NAME."
  }
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
  label  = basename(abspath(path.root))
  # What `morrow platform write` made lies between the two, where there is such a file.
  files  = concat(["base"], fileexists("${local.folder}/${local.label}.platform.yaml") ? ["${local.label}.platform"] : [], [local.label])
  values = [for file in local.files : file("${local.folder}/${file}.yaml")]
  given  = [for text in local.values : try(merge(yamldecode(text)), {})] # the module refuses what is no table
  target = merge([for table in local.given : try(merge(table.target), {})]...)

  name      = try(merge(local.given...).name, "")
  namespace = try(local.target.namespace, local.name)
  context   = try(coalesce(var.context, local.target.context), "")
  contexts  = try(yamldecode(file(pathexpand(var.kubeconfig))).contexts[*].name, [])
}

output "chart" {
  description = "What was deployed."
  value       = module.service.chart
}

output "revision" {
  description = "The release's revision."
  value       = module.service.revision
}
