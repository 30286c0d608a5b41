variable "name" {
  description = "The release's name, and `name` in the values: what every object is called."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]*[a-z0-9])?$", var.name)) && length(var.name) <= 53
    error_message = "name ${jsonencode(var.name)} is no DNS label of at most 53 characters: use lower-case letters, digits and dashes, beginning with a letter."
  }
}

variable "namespace" {
  description = "The namespace; it must exist."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", var.namespace)) && length(var.namespace) <= 63
    error_message = "namespace ${jsonencode(var.namespace)} is no DNS label of at most 63 characters: use lower-case letters, digits and dashes."
  }
}

variable "chart" {
  description = "The chart: a folder, or oci://REGISTRY/PATH with chart_version. Unset: the one this module came with."
  type        = string
  default     = null

  validation {
    condition     = var.chart != null || fileexists("${path.module}/../../../chart/Chart.yaml")
    error_message = "the module came without the chart of its repository: write // before terraform/modules/service in source, or state chart."
  }

  validation {
    condition     = var.chart == null || can(regex("^oci://[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$", var.chart)) || try(fileexists("${var.chart}/Chart.yaml"), false)
    error_message = "chart ${jsonencode(var.chart)} is neither a folder with a Chart.yaml nor an address like oci://ghcr.io/example/charts/service (without a tag: give chart_version)."
  }
}

variable "chart_version" {
  description = "The exact version of a chart with an OCI address. A folder's version is read from its Chart.yaml."
  type        = string
  default     = null

  validation {
    condition     = var.chart_version == null || can(regex("^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$", var.chart_version))
    error_message = "chart_version ${jsonencode(var.chart_version)} is no exact version like 1.4.2: a range would let two applies of one commit differ."
  }

  validation {
    condition     = (var.chart_version != null) == startswith(coalesce(var.chart, "folder"), "oci://")
    error_message = "chart_version goes with an oci:// address and only with it: chart is ${jsonencode(var.chart)}, chart_version ${jsonencode(var.chart_version)}."
  }
}

variable "values" {
  description = "Texts of values files, the later over the earlier: [file(\"base.yaml\"), file(\"prod.yaml\")]. Never a secret's value."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.values) > 0
    error_message = "values is empty: pass the texts of the environment's files, [file(\"base.yaml\"), file(\"prod.yaml\")]."
  }

  validation {
    condition     = alltrue([for text in var.values : can(keys(yamldecode(text)))])
    error_message = "values: element ${join(", ", [for index, text in var.values : tostring(index) if !can(keys(yamldecode(text)))])} is no YAML table: pass texts, file(\"prod.yaml\"), not paths."
  }

  validation {
    condition     = alltrue([for text in var.values : alltrue([for key in ["image", "secrets"] : can(keys(yamldecode(text)[key])) || !can(yamldecode(text)[key])])])
    error_message = "values: image or secrets is no table: an override would take its place, and nothing of the files before it would be left."
  }
}

variable "image_digest" {
  description = "Overrides image.digest of the values."
  type        = string
  default     = null

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest ${jsonencode(var.image_digest)} is not sha256: and 64 hexadecimal digits."
  }
}

variable "secrets_revision" {
  description = "Overrides secrets.revision of the values: which Secret the pods read. No secret's value."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_revision == null || can(regex("^[a-z0-9]([-a-z0-9]{0,18}[a-z0-9])?$", var.secrets_revision))
    error_message = "secrets_revision does not end a Secret's name: use up to 20 lower-case letters, digits and dashes." # not repeated here: it may be a secret typed in the wrong place
  }
}

variable "timeout" {
  description = "Seconds until an install or upgrade that is not ready is rolled back."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.timeout >= 10 && var.timeout <= 3600 && floor(var.timeout) == var.timeout
    error_message = "timeout ${var.timeout} is not a whole number of seconds from 10 to 3600."
  }
}
