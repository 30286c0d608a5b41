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

variable "aws" {
  description = "Where: the account's number, the region, the partition."
  type = object({
    account   = string
    region    = string
    partition = optional(string, "aws")
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.aws.account)) && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws.region))
    error_message = "aws: account ${jsonencode(var.aws.account)} is not twelve digits, or region ${jsonencode(var.aws.region)} is none, like eu-central-1."
  }

  validation {
    condition     = contains(["aws", "aws-us-gov"], var.aws.partition) && startswith(var.aws.region, "us-gov-") == (var.aws.partition == "aws-us-gov") && !can(regex("^(cn|us-iso)", var.aws.region))
    error_message = "aws: region ${var.aws.region} is not of the partition ${var.aws.partition}. Known are aws, and aws-us-gov for us-gov-west-1 and us-gov-east-1; China's services have other names, which these modules do not know."
  }
}

variable "protected" {
  description = "Whether customers depend on it: then one zone's fault must not take the others' way out."
  type        = bool
  default     = false
  nullable    = false
}

variable "cidr" {
  description = "The VPC's addresses, /16 to /20."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr ${jsonencode(var.cidr)} is not a network of the size /16 to /20 written by its first address, like 10.20.0.0/16."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.)", var.cidr))
    error_message = "cidr ${jsonencode(var.cidr)} is not of a private range: take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10."
  }

  validation {
    condition     = !startswith(var.cidr, "172.20.")
    error_message = "cidr ${jsonencode(var.cidr)} overlaps 172.20.0.0/16, which the cluster's Services have: take another range."
  }
}

variable "zones" {
  description = "Two or three availability zones by name. Add one at the end: nothing else moves."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 3
    error_message = "zones has ${length(var.zones)} entries: a cluster needs two, and three are enough."
  }

  validation {
    condition     = length(distinct(var.zones)) == length(var.zones)
    error_message = "zones names one twice: ${join(", ", var.zones)}."
  }

  validation {
    condition     = alltrue([for zone in var.zones : can(regex("^${var.aws.region}[a-h]$", zone))])
    error_message = "zones: ${join(", ", [for zone in var.zones : zone if !can(regex("^${var.aws.region}[a-h]$", zone))])} is no zone of ${var.aws.region}, like ${var.aws.region}a."
  }
}

variable "nat" {
  description = "How private subnets reach the internet: none, one (gateway for all), per_zone."
  type        = string
  default     = "one"
  nullable    = false

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat ${jsonencode(var.nat)} is none of none, one, per_zone."
  }

  validation {
    condition     = !var.protected || var.nat == "per_zone"
    error_message = "nat ${jsonencode(var.nat)} in a protected platform: with one gateway, one zone's fault cuts off all of them. Say per_zone."
  }
}

variable "endpoints" {
  description = "AWS services reached by an interface endpoint instead of NAT, like ecr.api. S3's gateway is always there: it costs nothing."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for service in var.endpoints : contains(local.known_endpoints, service)])
    error_message = "endpoints: ${join(", ", setsubtract(var.endpoints, local.known_endpoints))} is not known. Known: ${join(", ", local.known_endpoints)}."
  }

  validation {
    condition     = var.nat != "none" || length(setsubtract(local.needed_without_nat, var.endpoints)) == 0
    error_message = "endpoints: without NAT a node cannot join unless it reaches ${join(", ", setsubtract(local.needed_without_nat, var.endpoints))} by an endpoint."
  }
}

variable "flow_logs" {
  description = "Records of connections in CloudWatch Logs, encrypted with the key of this ARN; null: none."
  type = object({
    key_arn = string
    days    = optional(number, 365)
  })
  default = null

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], try(var.flow_logs.days, 365))
    error_message = "flow_logs.days ${try(var.flow_logs.days, 0)} is no time that CloudWatch knows: take 30, 90, 365, 731."
  }
}
