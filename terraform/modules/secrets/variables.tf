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

variable "names" {
  description = "Names of the secrets, ENVIRONMENT/SERVICE: one for each service, whose properties are its variables. Values never come this way."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in var.names : can(regex("^[a-z]([-a-z0-9]*[a-z0-9])?/[a-z]([-a-z0-9]*[a-z0-9])?$", name))])
    error_message = "names: ${join(", ", [for name in var.names : name if !can(regex("^[a-z]([-a-z0-9]*[a-z0-9])?/[a-z]([-a-z0-9]*[a-z0-9])?$", name))])} is not ENVIRONMENT/SERVICE in lower-case letters, digits and dashes."
  }
}

variable "key_arn" {
  description = "The KMS key that encrypts them."
  type        = string
  nullable    = false
}

variable "readers" {
  description = "Roles that may read a secret, by its name. Given: nobody else in the account can, whatever their own policies say."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.readers), var.names)) == 0
    error_message = "readers: ${join(", ", setsubtract(keys(var.readers), var.names))} is not in names."
  }

  validation {
    condition     = alltrue(flatten([for arns in values(var.readers) : [length(arns) > 0, [for arn in arns : can(regex("^arn:${var.aws.partition}:iam::[0-9]{12}:role/.+$", arn))]]]))
    error_message = "readers: one has no reader, or one that is no IAM role's ARN (arn:${var.aws.partition}:iam::ACCOUNT:role/NAME)."
  }
}

variable "window" {
  description = "Days in which a deletion can be taken back; 0: deleted at once, and the name is free again."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.window == 0 || (var.window >= 7 && var.window <= 30 && floor(var.window) == var.window)
    error_message = "window ${var.window} is neither 0 nor a whole number of days from 7 to 30."
  }

  validation {
    condition     = !var.protected || var.window >= 7
    error_message = "window ${var.window} in a protected platform: a secret deleted by mistake must come back. Say 7 to 30."
  }
}

variable "protected" {
  description = "Whether customers depend on it."
  type        = bool
  default     = false
  nullable    = false
}
