variable "name" {
  description = "The platform's name, which every object's name begins with."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$", var.name))
    error_message = "name ${jsonencode(var.name)} is not up to 38 lower-case letters, digits and dashes, beginning with a letter: IAM allows 64 with what is added to it."
  }

  validation {
    condition     = !startswith(var.name, "sg-")
    error_message = "name ${var.name} begins with sg-, which AWS keeps for the ids of security groups."
  }
}

variable "protected" {
  description = "Whether customers depend on it."
  type        = bool
  default     = false
  nullable    = false
}

variable "zone" {
  description = "The Route 53 zone that the services' names are in: made here (create), or there already (id)."
  type = object({
    name   = string
    create = optional(bool, false)
    id     = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.zone.name))
    error_message = "zone.name ${jsonencode(var.zone.name)} is no domain like dev.example.com."
  }

  validation {
    condition     = var.zone.create != (var.zone.id != null)
    error_message = "zone: say create = true, or the id of the zone that is there, and not both."
  }

  validation {
    condition     = var.zone.id == null || can(regex("^[A-Z0-9]{1,32}$", var.zone.id))
    error_message = "zone.id ${jsonencode(var.zone.id)} is no id of a zone in Route 53, like Z0123456789ABCDEFGHIJ."
  }
}

variable "suffix" {
  description = "What every name ends with; unset: the zone's name. It is the zone's name or ends with it."
  type        = string
  default     = null

  validation {
    condition     = var.suffix == null || coalesce(var.suffix, "x") == var.zone.name || endswith(coalesce(var.suffix, "x"), ".${var.zone.name}")
    error_message = "suffix ${jsonencode(coalesce(var.suffix, " "))} is not in the zone ${var.zone.name}."
  }

  validation {
    condition     = can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", coalesce(var.suffix, "example.com"))) && length(coalesce(var.suffix, var.zone.name)) <= 64
    error_message = "suffix ${jsonencode(coalesce(var.suffix, var.zone.name))} is no domain like dev.example.com of at most 64 characters, which is what a certificate's first name may have."
  }
}

variable "names" {
  description = "The host names of the services."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "vpc" {
  description = "The VPC, and its addresses, that the load balancer sends to."
  type = object({
    id   = string
    cidr = string
  })
  nullable = false
}

variable "clients" {
  description = "Networks that may reach the load balancer: a name of yours to the network."
  type        = map(string)
  default     = { everybody = "0.0.0.0/0" }
  nullable    = false

  validation {
    condition     = length(var.clients) > 0 && alltrue([for cidr in values(var.clients) : can(cidrhost(cidr, 0)) && !strcontains(cidr, ":")])
    error_message = "clients: ${jsonencode(var.clients)} is empty, or has something that is no IPv4 network like 203.0.113.0/24."
  }

  validation {
    condition     = alltrue([for name, cidr in var.clients : can(regex("^[A-Za-z0-9 ._-]{1,60}$", name)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)]) && length(distinct(values(var.clients))) == length(var.clients) && length(var.clients) <= 30
    error_message = "clients: ${jsonencode(var.clients)} are not up to 30 different networks (a security group holds 60 rules, and each takes two), written by their first addresses, under names of letters, digits, spaces, dots and dashes."
  }
}

variable "waf" {
  description = "The firewall before the load balancer: requests in five minutes from one address, and AWS's groups of rules; null: none."
  type = object({
    rate  = optional(number, 2000)
    rules = optional(list(string), ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet"])
    days  = optional(number, 365)
  })
  default = null

  validation {
    condition     = try(var.waf.rate >= 100 && var.waf.rate <= 2000000000 && floor(var.waf.rate) == var.waf.rate, var.waf == null)
    error_message = "waf.rate ${try(var.waf.rate, 0)} is not a whole number of at least 100, which AWS asks for."
  }

  validation {
    condition     = var.waf == null || contains(try(var.waf.rules, []), "AWSManagedRulesKnownBadInputsRuleSet")
    error_message = "waf.rules lacks AWSManagedRulesKnownBadInputsRuleSet: it stops Log4j's lookups."
  }

  validation {
    condition     = length(setsubtract(try(var.waf.rules, []), keys(local.rule_groups))) == 0 && length(distinct(try(var.waf.rules, []))) == length(try(var.waf.rules, []))
    error_message = "waf.rules: ${join(", ", try(var.waf.rules, []))} are not all different, and of these: ${join(", ", keys(local.rule_groups))}."
  }

  validation {
    condition     = sum(concat([2], [for rule in try(var.waf.rules, []) : lookup(local.rule_groups, rule, 0)])) <= 1500
    error_message = "waf.rules: ${join(", ", try(var.waf.rules, []))} take ${sum(concat([2], [for rule in try(var.waf.rules, []) : lookup(local.rule_groups, rule, 0)]))} units of capacity; beyond 1,500 AWS asks more for each request. Take fewer."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], try(var.waf.days, 365))
    error_message = "waf.days ${try(var.waf.days, 0)} is no time that CloudWatch knows: take 30, 90, 365, 731."
  }
}

variable "key_arn" {
  description = "The KMS key that encrypts the firewall's log."
  type        = string
  nullable    = false
}
