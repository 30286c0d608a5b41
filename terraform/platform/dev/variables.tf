# What a platform is told. The values are in terraform.tfvars; every rule about them is the modules'.
variable "name" {
  description = "The platform's name: the cluster's, and what every object's name begins with."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether customers depend on it: a NAT gateway in each zone, two nodes, deletions that can be taken back, and none of the cluster."
  type        = bool
  default     = false
  nullable    = false
}

variable "aws" {
  description = "Where: the account's number, the region, the partition."
  type = object({
    account   = string
    region    = string
    partition = optional(string, "aws")
  })
  nullable = false
}

variable "network" {
  description = "See terraform/modules/network."
  type = object({
    cidr      = string
    zones     = list(string)
    nat       = optional(string, "one")
    endpoints = optional(set(string), [])
    flow_logs = optional(bool, true)
  })
  nullable = false
}

variable "cluster" {
  description = "See terraform/modules/cluster."
  type = object({
    kubernetes_version = optional(string, "1.36")
    compute = object({
      mode           = optional(string, "managed_nodes")
      instance_types = optional(list(string), [])
      min            = optional(number, 0)
      max            = optional(number, 0)
      image          = optional(string, "al2023")
      disk           = optional(number, 50)
    })
    endpoint = optional(object({ public = optional(bool, false), cidrs = optional(list(string), []) }), {})
    admins   = map(string)
    addons   = map(map(string))
    irsa     = optional(bool, false)
  })
  nullable = false
}

variable "edge" {
  description = "See terraform/modules/edge. route: how services are reached, by Ingress or by a Gateway."
  type = object({
    zone    = object({ name = string, create = optional(bool, false), id = optional(string) })
    suffix  = optional(string)
    clients = optional(map(string), { everybody = "0.0.0.0/0" })
    waf     = optional(object({ rate = optional(number, 2000), rules = optional(list(string), ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"]) }))
    route   = optional(string, "ingress")
  })
  nullable = false

  validation {
    condition     = contains(["ingress", "gateway"], var.edge.route)
    error_message = "edge.route ${jsonencode(var.edge.route)} is neither ingress nor gateway."
  }
}

variable "services" {
  description = "The services: each gets a role, the name of a secret, a repository and a host name."
  type = map(object({
    namespace  = optional(string)
    host       = optional(string)
    secret     = optional(bool, true)
    repository = optional(bool, true)
    statements = optional(list(object({ actions = list(string), resources = list(string) })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.services) <= 10
    error_message = "services has ${length(var.services)} entries: with more than 10, what the platform says of itself would not fit into a parameter's 8 KB. Make a second platform."
  }

  validation {
    condition     = length(distinct([for name, service in var.services : coalesce(service.host, "${name}.${coalesce(var.edge.suffix, var.edge.zone.name)}")])) == length(var.services)
    error_message = "services: two of ${join(", ", keys(var.services))} have one host name."
  }
}

variable "registry" {
  description = "See terraform/modules/registry."
  type = object({
    keep    = optional(object({ images = optional(number, 100), untagged_days = optional(number, 14) }), {})
    pullers = optional(map(string), {})
    caches  = optional(map(string), {})
  })
  default  = {}
  nullable = false
}

variable "access" {
  description = "See terraform/modules/identity: the repository whose workflows build and deploy, and people's roles."
  type = object({
    ci     = optional(object({ repository = string, environment = optional(string), branch = optional(string, "main") }))
    people = optional(object({ view = optional(list(string), []), deploy = optional(list(string), []) }), {})
  })
  default  = {}
  nullable = false
}

variable "days" {
  description = "How long logs stay, and in how many days a deleted key or secret can be taken back (secrets: 0 is at once)."
  type = object({
    logs   = optional(number, 365)
    key    = optional(number, 30)
    secret = optional(number, 30)
  })
  default  = {}
  nullable = false
}

variable "usage" {
  description = "What you expect in a month, for the price in `morrow platform plan`. Nothing is made of it."
  type = object({
    nodes               = optional(map(number), {}) # by type, beside the node group: Karpenter's, Auto Mode's
    load_balancers      = optional(number, 1)
    load_balancer_units = optional(number, 0)
    nat_gb              = optional(number, 0)
    endpoint_gb         = optional(number, 0)
    log_gb              = optional(number, 0)
    image_gb            = optional(number, 0)
    out_gb              = optional(number, 0)
    cross_zone_gb       = optional(number, 0)
    million_requests    = optional(number, 0)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for amount in flatten([values(var.usage.nodes), [for key, value in var.usage : value if key != "nodes"]]) : amount >= 0])
    error_message = "usage: an amount is less than nothing."
  }
}
