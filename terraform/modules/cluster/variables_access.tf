# Who may do what in the cluster.
variable "admins" {
  description = "Roles that may do everything in the cluster: a name of yours to the role's ARN."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.admins) >= 1
    error_message = "admins is empty: nobody could reach the cluster, its creator is no admin. Name a role."
  }

  validation {
    condition     = length(distinct(values(var.admins))) == length(var.admins)
    error_message = "admins: ${join(", ", keys(var.admins))} name one role twice, and EKS has one entry for each."
  }

  validation {
    condition     = alltrue([for arn in values(var.admins) : can(regex("^arn:${var.aws.partition}:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "admins: ${join(", ", [for name, arn in var.admins : name if !can(regex("^arn:${var.aws.partition}:iam::[0-9]{12}:role/.+$", arn))])} is no IAM role's ARN (arn:${var.aws.partition}:iam::ACCOUNT:role/NAME). The account's root is none, a session is none."
  }
}

variable "deployers" {
  description = "Roles that may deploy in the namespaces named: a name of yours to the role."
  type = map(object({
    role_arn   = string
    namespaces = list(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name, deployer in var.deployers : length(deployer.namespaces) > 0 && alltrue([for namespace in deployer.namespaces : can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", namespace))])])
    error_message = "deployers: one names no namespace, or one that cannot be: ${jsonencode({ for name, deployer in var.deployers : name => deployer.namespaces })}."
  }

  validation {
    condition     = length(setintersection([for deployer in values(var.deployers) : deployer.role_arn], values(var.admins))) == 0 && length(distinct(values(var.deployers)[*].role_arn)) == length(var.deployers)
    error_message = "deployers: a role there is there twice or is an admin too, and EKS has one entry for each role."
  }
}

variable "viewers" {
  description = "Roles that may look at everything but Secrets: a name of yours to the role's ARN."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(values(var.viewers), concat(values(var.admins), [for deployer in values(var.deployers) : deployer.role_arn]))) == 0 && length(distinct(values(var.viewers))) == length(var.viewers)
    error_message = "viewers: a role there is there twice, or is an admin or a deployer too, and EKS has one entry for each role."
  }
}
