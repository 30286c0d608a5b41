variable "name" {
  description = "The platform's name, which every object's name begins with."
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
}

variable "suffix" {
  description = "What every name ends with; unset: the zone's name. It is the zone's name or ends with it."
  type        = string
  default     = null

  validation {
    condition     = var.suffix == null || coalesce(var.suffix, "x") == var.zone.name || endswith(coalesce(var.suffix, "x"), ".${var.zone.name}")
    error_message = "suffix ${jsonencode(coalesce(var.suffix, " "))} is not in the zone ${var.zone.name}."
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
    condition     = alltrue([for rule in try(var.waf.rules, []) : can(regex("^AWSManagedRules[A-Za-z0-9]+$", rule))]) && length(distinct(try(var.waf.rules, []))) == length(try(var.waf.rules, []))
    error_message = "waf.rules: ${join(", ", try(var.waf.rules, []))} are not all different groups of AWS, like AWSManagedRulesCommonRuleSet."
  }
}

variable "key_arn" {
  description = "The KMS key that encrypts the firewall's log."
  type        = string
  nullable    = false
}
