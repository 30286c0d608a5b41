variable "name" {
  description = "The cluster's name, which every object's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$", var.name))
    error_message = "name ${jsonencode(var.name)} is not up to 38 lower-case letters, digits and dashes, beginning with a letter: IAM allows 64 with what is added to it."
  }
}

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

variable "protected" {
  description = "Whether customers depend on it."
  type        = bool
  default     = false
  nullable    = false
}

variable "kubernetes_version" {
  description = "The minor version, like 1.36. One step at a time."
  type        = string
  default     = "1.36"
  nullable    = false

  validation {
    condition     = contains(keys(local.standard_support), var.kubernetes_version)
    error_message = "kubernetes_version ${jsonencode(var.kubernetes_version)} is not in EKS's standard support: take one of ${join(", ", keys(local.standard_support))}."
  }

  validation {
    condition     = var.compute.mode != "karpenter" || try(tonumber(split(".", var.kubernetes_version)[1]) <= tonumber(split(".", local.karpenter_until)[1]), false)
    error_message = "kubernetes_version ${var.kubernetes_version} with karpenter: the one that is pinned knows Kubernetes up to ${local.karpenter_until} and would start no node. First a newer one in modules/controllers/charts.tf, then karpenter_until in modules/cluster/locals.tf."
  }
}

variable "network" {
  description = "The module network's private subnets, by zone: nodes, and the control plane's interfaces."
  type = object({
    subnets = object({ private = map(string) })
  })
  nullable = false
}

variable "compute" {
  description = "Where pods run: auto_mode (AWS runs the nodes), karpenter (a small group and what Karpenter adds), managed_nodes (one group)."
  type = object({
    mode           = optional(string, "managed_nodes")
    instance_types = optional(list(string), [])
    min            = optional(number, 0)
    max            = optional(number, 0)
    image          = optional(string, "al2023")
    disk           = optional(number, 50)
  })
  nullable = false

  validation {
    condition     = contains(["auto_mode", "karpenter", "managed_nodes"], var.compute.mode)
    error_message = "compute.mode ${jsonencode(var.compute.mode)} is none of auto_mode, karpenter, managed_nodes."
  }

  validation {
    condition     = var.compute.mode != "auto_mode" || (length(var.compute.instance_types) == 0 && var.compute.min == 0 && var.compute.max == 0)
    error_message = "compute: auto_mode has no node group, AWS picks the nodes: leave out instance_types, min and max."
  }

  validation {
    condition     = var.compute.mode == "auto_mode" || length(var.compute.instance_types) > 0
    error_message = "compute.instance_types is empty: name at least one type for the node group, like m7g.large."
  }

  validation {
    condition     = length(distinct([for type in var.compute.instance_types : can(regex("^[a-z]+[0-9]+g[a-z]*\\.", type))])) <= 1
    error_message = "compute.instance_types mixes Arm and x86: ${join(", ", var.compute.instance_types)}. One group has one image."
  }

  validation {
    condition     = alltrue([for type in var.compute.instance_types : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", type))])
    error_message = "compute.instance_types: ${join(", ", var.compute.instance_types)} are not all names like m7g.large."
  }

  validation {
    condition     = var.compute.mode == "auto_mode" || (var.compute.min >= 1 && var.compute.max >= var.compute.min && floor(var.compute.min) == var.compute.min && floor(var.compute.max) == var.compute.max)
    error_message = "compute: min ${var.compute.min} and max ${var.compute.max} are not whole numbers with 1 <= min <= max."
  }

  validation {
    condition     = var.compute.mode != "karpenter" || var.compute.min >= 2
    error_message = "compute.min ${var.compute.min} with karpenter: its own group needs 2 nodes, or the loss of one leaves nobody to replace it."
  }

  validation {
    condition     = !var.protected || var.compute.mode == "auto_mode" || var.compute.min >= 2
    error_message = "compute.min ${var.compute.min} in a protected platform: with one node every replacement of it is an outage. Say at least 2."
  }

  validation {
    condition     = contains(["al2023", "bottlerocket"], var.compute.image)
    error_message = "compute.image ${jsonencode(var.compute.image)} is neither al2023 nor bottlerocket."
  }

  validation {
    condition     = var.compute.disk >= 20 && var.compute.disk <= 16384 && floor(var.compute.disk) == var.compute.disk
    error_message = "compute.disk ${var.compute.disk} is not a whole number of GB from 20 to 16384."
  }
}

variable "endpoint" {
  description = "The API server is reached from the VPC; with public also from these networks."
  type = object({
    public = optional(bool, false)
    cidrs  = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = !var.endpoint.public || length(var.endpoint.cidrs) > 0
    error_message = "endpoint.cidrs is empty: a public endpoint names the networks that may reach it."
  }

  validation {
    condition     = var.endpoint.public || length(var.endpoint.cidrs) == 0
    error_message = "endpoint.cidrs are given and endpoint.public is false: they would mean nothing."
  }

  validation {
    condition     = alltrue([for cidr in var.endpoint.cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "endpoint.cidrs: ${join(", ", [for cidr in var.endpoint.cidrs : cidr if !can(cidrhost(cidr, 0)) || endswith(cidr, "/0")])} is no network, or the whole internet."
  }

  validation {
    condition     = alltrue([for cidr in var.endpoint.cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false) && !can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|127\\.|169\\.254\\.)|:", cidr))]) && length(distinct(var.endpoint.cidrs)) == length(var.endpoint.cidrs) && length(var.endpoint.cidrs) <= 40
    error_message = "endpoint.cidrs: ${join(", ", var.endpoint.cidrs)} are not up to 40 different public IPv4 networks, each written by its first address like 203.0.113.0/24. Private ones reach the private endpoint."
  }
}

variable "logs" {
  description = "The control plane's logs: which, and for how many days."
  type = object({
    types = optional(set(string), ["api", "audit", "authenticator", "controllerManager", "scheduler"])
    days  = optional(number, 365)
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(var.logs.types, ["api", "audit", "authenticator", "controllerManager", "scheduler"])) == 0
    error_message = "logs.types: ${join(", ", setsubtract(var.logs.types, ["api", "audit", "authenticator", "controllerManager", "scheduler"]))} is no log of the control plane."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.logs.days)
    error_message = "logs.days ${var.logs.days} is no time that CloudWatch knows: take 30, 90, 365, 731."
  }
}

variable "addons" {
  description = "Exact add-on versions for each Kubernetes minor: {\"1.36\" = {coredns = \"v1.14.3-eksbuild.16\"}}."
  type        = map(map(string))
  nullable    = false

  validation {
    condition     = alltrue(flatten([for versions in values(var.addons) : [for version in values(versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))]]))
    error_message = "addons: ${join(", ", flatten([for versions in values(var.addons) : [for addon, version in versions : "${addon} ${version}" if !can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))]]))} is no exact version like v1.14.3-eksbuild.16."
  }

  validation {
    condition     = alltrue([for versions in values(var.addons) : alltrue([for addon in keys(versions) : contains(concat(local.first, local.later), addon)])])
    error_message = "addons: known are ${join(", ", concat(local.first, local.later))}; what else runs in the cluster is a release of terraform/cluster."
  }
}

variable "addon_roles" {
  description = "The add-ons' roles by the add-on's name: vpc-cni, aws-ebs-csi-driver."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.addon_roles), keys(local.addon_accounts))) == 0
    error_message = "addon_roles: ${join(", ", setsubtract(keys(var.addon_roles), keys(local.addon_accounts)))} takes no role here; known: ${join(", ", keys(local.addon_accounts))}."
  }
}

variable "key_arn" {
  description = "The KMS key that encrypts Kubernetes' Secrets and the logs."
  type        = string
  nullable    = false
}

variable "caches" {
  description = "Prefixes of the repositories in which ECR keeps public images: nodes may have it keep another."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "irsa" {
  description = "Make the OIDC provider with which pods outside Pod Identity's reach get roles."
  type        = bool
  default     = false
  nullable    = false
}
