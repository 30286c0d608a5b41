variable "platform" {
  description = "What terraform/platform/NAME says of itself: its output `platform`, schema 1."
  type = object({
    schema  = number
    name    = string
    aws     = object({ region = string })
    vpc     = object({ id = string, private_subnets = map(string) })
    compute = object({ mode = string, karpenter = optional(object({ profile = string, queue = string })) })
    cluster = object({ name = string, security_group = string })
    dns     = object({ zone_id = string, suffix = string })
    route   = object({ mode = string, annotations = map(string), gateway = object({ name = string, namespace = string }) })
    secrets = object({ store = string, store_kind = string })

    roles    = optional(map(string), {}) # by controller, where IRSA gives them
    services = map(object({ namespace = string }))
  })
  nullable = false

  validation {
    condition     = var.platform.schema == 1
    error_message = "platform has schema ${var.platform.schema}, this module reads 1: take both from the same release."
  }
}

variable "monitoring" {
  description = "Prometheus, Alertmanager and Grafana in the cluster: days that metrics stay, the disk for them in GB, and the Secret in the namespace monitoring whose entry `url` is the webhook that alerts go to (empty: nowhere); null: none, and metrics go elsewhere."
  type = object({
    days     = optional(number, 15)
    disk     = optional(number, 50)
    receiver = optional(string, "")
  })
  default = {}

  validation {
    condition     = try(var.monitoring.days >= 1 && var.monitoring.disk >= 10, var.monitoring == null)
    error_message = "monitoring: at least 1 day and 10 GB."
  }

  validation {
    condition     = can(regex("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$", try(var.monitoring.receiver, "")))
    error_message = "monitoring.receiver: the name of a Secret, never the address itself: it would stand in the state."
  }
}

variable "argocd" {
  description = "Whether Argo CD runs in the cluster and deploys the services from Git."
  type        = bool
  default     = false
  nullable    = false
}

variable "pools" {
  description = "Karpenter's pools: which instances, and at most how many processors. Only in the mode karpenter."
  type = map(object({
    categories    = optional(list(string), ["c", "m", "r"])
    architectures = optional(list(string), ["arm64"])
    capacity      = optional(list(string), ["on-demand"])
    cpu           = optional(number, 64)
  }))
  default  = { general = {} }
  nullable = false

  validation {
    condition     = alltrue([for pool in values(var.pools) : pool.cpu >= 1 && length(setsubtract(pool.capacity, ["on-demand", "reserved", "spot"])) == 0 && length(setsubtract(pool.architectures, ["amd64", "arm64"])) == 0])
    error_message = "pools: cpu is at least 1, capacity on-demand, reserved or spot, architectures amd64 or arm64."
  }
}

variable "timeout" {
  description = "Seconds until a release that is not ready is rolled back."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.timeout >= 60 && var.timeout <= 3600
    error_message = "timeout ${var.timeout} is not 60 to 3600 seconds."
  }
}
