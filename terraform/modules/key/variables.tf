variable "name" {
  description = "The key's alias, after alias/: platform and purpose, like prod/secrets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,37}/[a-z][a-z0-9-]{0,20}$", var.name))
    error_message = "name ${jsonencode(var.name)} is not PLATFORM/PURPOSE in lower-case letters, digits and dashes."
  }

  validation {
    condition     = !startswith(var.name, "aws/")
    error_message = "name ${var.name} begins with aws/, which is for AWS's own keys: give the platform another name."
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

variable "logs" {
  description = "Whether CloudWatch Logs may use the key, for this account's log groups only."
  type        = bool
  default     = false
  nullable    = false
}

variable "window" {
  description = "Days in which a deletion can be taken back."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.window >= 7 && var.window <= 30 && floor(var.window) == var.window
    error_message = "window ${var.window} is not a whole number of days from 7 to 30."
  }
}
