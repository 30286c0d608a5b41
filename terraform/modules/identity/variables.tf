variable "name" {
  description = "The platform's name, which every role's name begins with."
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

variable "cluster" {
  description = "The cluster's name: the only one whose pods get these roles."
  type        = string
  nullable    = false
}

variable "controllers" {
  description = "Which of the cluster's controllers get a role."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.controllers, keys(local.known))) == 0
    error_message = "controllers: ${join(", ", setsubtract(var.controllers, keys(local.known)))} is not known. Known: ${join(", ", keys(local.known))}."
  }

  validation {
    condition     = !contains(var.controllers, "external-dns") || var.zone != null
    error_message = "controllers has external-dns and zone is unset: say in which zone it may write."
  }

  validation {
    condition     = !contains(var.controllers, "external-secrets") || length(var.secrets.names) > 0
    error_message = "controllers has external-secrets and secrets.names is empty: say what it may read."
  }

  validation {
    condition     = !contains(var.controllers, "karpenter") || var.karpenter != null
    error_message = "controllers has karpenter and karpenter is unset: give its queue and its nodes' role."
  }
}

variable "zone" {
  description = "The Route 53 zone that ExternalDNS writes in, and the name that its records are or end with."
  type = object({
    id     = string
    suffix = string
  })
  default = null
}

variable "secrets" {
  description = "Names of the secrets in Secrets Manager, and the keys that they are encrypted with."
  type = object({
    names    = optional(set(string), [])
    key_arns = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in var.secrets.names : can(regex("^[a-z0-9-]+/[a-z0-9-]+$", name))])
    error_message = "secrets.names: ${join(", ", var.secrets.names)} are not all ENVIRONMENT/SERVICE."
  }
}

variable "karpenter" {
  description = "Karpenter's queue and the role of its nodes, by name."
  type = object({
    queue     = string
    node_role = string
  })
  default = null
}

variable "web_acl_arn" {
  description = "The web ACL that the load balancer controller may put before a load balancer; null: none."
  type        = string
  default     = null
}

variable "services" {
  description = "Services that get a role: the namespace, the secret that is theirs, and what else they may do."
  type = map(object({
    namespace       = optional(string)
    service_account = optional(string)
    secret          = optional(string)
    statements = optional(list(object({
      actions   = list(string)
      resources = list(string)
    })), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for service in keys(var.services) : can(regex("^[a-z]([-a-z0-9]*[a-z0-9])?$", service)) && length("${var.name}-service-${service}") <= 64])
    error_message = "services: ${join(", ", keys(var.services))}: each is a name in lower-case letters, digits and dashes, and with ${var.name}-service- before it at most 64 characters, as IAM allows."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for statement in service.statements : [for action in statement.actions : can(regex("^[a-z0-9-]+:[A-Za-z]+$", action))]]]))
    error_message = "services: an action in statements is none like s3:GetObject. A * there allows what does not exist yet."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for statement in service.statements : [for resource in statement.resources : can(regex("^arn:${var.aws.partition}:[a-z0-9-]+:[a-z0-9*?-]*:[a-z0-9*?]*:.+$", resource))]]]))
    error_message = "services: a resource in statements is no ARN of the partition ${var.aws.partition}. \"*\" is everybody's."
  }

  validation {
    condition     = alltrue(flatten([for service in values(var.services) : [for statement in service.statements : length(statement.actions) > 0 && length(statement.resources) > 0]]))
    error_message = "services: a statement names no action, or no resource; IAM takes neither."
  }

  validation {
    condition     = alltrue([for name, service in var.services : can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", coalesce(service.namespace, name)))])
    error_message = "services: a namespace in ${jsonencode({ for name, service in var.services : name => coalesce(service.namespace, name) })} is not up to 63 lower-case letters, digits and dashes."
  }

  validation {
    condition     = length(setintersection([for name, service in var.services : coalesce(service.namespace, name)], local.taken)) == 0
    error_message = "services: the namespace ${join(", ", setintersection([for name, service in var.services : coalesce(service.namespace, name)], local.taken))} is not a service's: what runs the cluster lives there. Give the service another by `namespace`."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : length(jsonencode(service.statements)) <= 9000])
    error_message = "services: one's statements are longer than a role's policy may be (10,240 characters with what is always there). Take fewer resources, or one ARN with a *."
  }
}

variable "irsa" {
  description = "The cluster's OIDC provider and issuer: roles are then given by it instead of by Pod Identity."
  type = object({
    provider_arn = string
    issuer       = string
  })
  default = null
}

variable "ci" {
  description = "The repository whose workflows build and deploy, as the tokens of GitHub's OIDC provider name it (terraform/platform/bootstrap makes the provider): OWNER/NAME, and OWNER@ID/NAME@ID of one made since July 2026."
  type = object({
    repository   = string
    environment  = optional(string)
    branch       = optional(string, "main")
    repositories = optional(list(string), [])
  })
  default = null

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+|@[0-9]+/[A-Za-z0-9_.-]+@[0-9]+)$", try(var.ci.repository, "a/b")))
    error_message = "ci.repository ${jsonencode(try(var.ci.repository, ""))} is neither OWNER/NAME nor OWNER@ID/NAME@ID, as the tokens of repositories made since July 2026 say. A * would let strangers' workflows in."
  }

  validation {
    condition     = !strcontains("${try(coalesce(var.ci.environment, "x"), "x")}${try(var.ci.branch, "")}", "*")
    error_message = "ci: environment and branch are names, without *."
  }
}

variable "people" {
  description = "Who may assume the role that looks, and the one that deploys: ARNs of roles of your single sign-on."
  type = object({
    view   = optional(list(string), [])
    deploy = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for arn in concat(var.people.view, var.people.deploy) : can(regex("^arn:${var.aws.partition}:iam::[0-9]{12}:role/.+$", arn))])
    error_message = "people: not all are IAM roles' ARNs (arn:${var.aws.partition}:iam::ACCOUNT:role/NAME). The account's root is none."
  }

  validation {
    condition     = alltrue([for arns in [var.people.view, var.people.deploy] : length(distinct(arns)) == length(arns) && length(jsonencode(arns)) <= 1900])
    error_message = "people: view or deploy names a role twice, or more roles than the 2,048 characters of a role's trust hold (about 18). Let one role of your single sign-on stand for a group."
  }
}
