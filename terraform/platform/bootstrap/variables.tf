variable "bucket" {
  description = "The name of the bucket for Terraform's states; nobody else in the world may have it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket ${jsonencode(var.bucket)} is not 3 to 63 lower-case letters, digits and dashes."
  }

  validation {
    condition     = !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3|--ml-s3)$", var.bucket))
    error_message = "bucket ${var.bucket} begins or ends with what S3 keeps for itself, like xn-- or -s3alias."
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
    error_message = "aws: account ${jsonencode(var.aws.account)} is not twelve digits, or region ${jsonencode(var.aws.region)} is none, like eu-west-1."
  }

  validation {
    condition     = contains(["aws", "aws-us-gov"], var.aws.partition) && startswith(var.aws.region, "us-gov-") == (var.aws.partition == "aws-us-gov") && !can(regex("^(cn|us-iso)", var.aws.region))
    error_message = "aws: region ${var.aws.region} is not of the partition ${var.aws.partition}. Known are aws, and aws-us-gov for us-gov-west-1 and us-gov-east-1; China's services have other names, which these modules do not know."
  }
}

variable "states" {
  description = "Keys of the states that the policy for the CI's role lets it read and write, like platform/dev.tfstate."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for key in var.states : can(regex("^[a-z0-9][a-z0-9/._-]*\\.tfstate$", key))])
    error_message = "states: ${join(", ", var.states)} are not all keys like platform/dev.tfstate."
  }

  validation {
    condition     = length(jsonencode([for key in var.states : [key, "${key}.tflock", "${local.bucket_arn}/${key}", "${local.bucket_arn}/${key}.tflock"]])) <= 5300
    error_message = "states: the policy for ${length(var.states)} of them is longer than the 6,144 characters that IAM takes, of which 800 are always there. Give some platforms a bootstrap of their own."
  }
}

variable "days" {
  description = "How many days an old version of a state stays."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.days >= 7 && floor(var.days) == var.days
    error_message = "days ${var.days} is not a whole number from 7: an old version is the way back from a damaged state."
  }
}

variable "github" {
  description = "Make the account's OIDC provider for GitHub's workflows, whose tokens the platforms' CI roles trust."
  type        = bool
  default     = true
  nullable    = false
}
