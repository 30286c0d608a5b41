variable "aws" {
  description = "Where: the account's number, the region, the partition."
  type = object({
    account   = string
    region    = string
    partition = optional(string, "aws")
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.aws.account))
    error_message = "aws.account ${jsonencode(var.aws.account)} is not an account's twelve digits."
  }
}

variable "repositories" {
  description = "Names of the repositories, like dev/hello."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$", name)) && length(name) <= 256])
    error_message = "repositories: ${join(", ", var.repositories)} are not all names like dev/hello."
  }
}

variable "keep" {
  description = "How many images stay in each; and how many days one without a tag does."
  type = object({
    images        = optional(number, 100)
    untagged_days = optional(number, 14)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.keep.images >= 10 && floor(var.keep.images) == var.keep.images && var.keep.untagged_days >= 1 && floor(var.keep.untagged_days) == var.keep.untagged_days
    error_message = "keep: images ${var.keep.images} is not a whole number from 10 (a rollback needs the old ones), or untagged_days ${var.keep.untagged_days} none from 1."
  }
}

variable "pullers" {
  description = "Accounts that may pull: a name of yours to the account's number."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for account in values(var.pullers) : can(regex("^[0-9]{12}$", account))])
    error_message = "pullers: ${jsonencode(var.pullers)}: not all are accounts' twelve digits."
  }
}

variable "caches" {
  description = "Public registries kept here on the first pull: a prefix to the registry, like \"dev/quay\" = \"quay.io\". One account's region takes a prefix once."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(values(var.caches), ["public.ecr.aws", "quay.io", "registry.k8s.io"])) == 0
    error_message = "caches: ${join(", ", setsubtract(values(var.caches), ["public.ecr.aws", "quay.io", "registry.k8s.io"]))} asks for a login; without one there are public.ecr.aws, quay.io, registry.k8s.io."
  }

  validation {
    condition     = alltrue([for prefix in keys(var.caches) : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)?$", prefix)) && length(prefix) >= 2 && length(prefix) <= 30])
    error_message = "caches: ${join(", ", keys(var.caches))}: a prefix (of a platform: its name, / and yours) is not 2 to 30 lower-case letters, digits, dots and dashes."
  }
}

variable "protected" {
  description = "Whether customers depend on it: then a repository with images in it is not deleted."
  type        = bool
  default     = false
  nullable    = false
}
