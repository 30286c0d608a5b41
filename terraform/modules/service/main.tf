locals {
  chart     = pathexpand(coalesce(var.chart, "${path.module}/../../../chart"))
  from_oci  = startswith(local.chart, "oci://")
  described = try(yamldecode(file("${local.chart}/Chart.yaml")), {})

  # What Helm leaves out of a chart is not part of its identity: dotfiles of templates, and what
  # .helmignore says: a line with a slash inside means that place only, one that ends with a slash
  # a folder. A list with an exception (!) is not followed: then every file counts.
  ignore_lines = concat(["templates/.?*"], [
    for line in split("\n", try(file("${local.chart}/.helmignore"), "")) : trimspace(line)
    if !contains(["", "#"], substr(trimspace(line), 0, 1))
  ])
  ignored = anytrue([for line in local.ignore_lines : startswith(line, "!")]) ? [] : flatten([
    for line in local.ignore_lines : [
      for end in endswith(line, "/") ? ["/**"] : ["", "/**"] : tolist(fileset(
        local.chart, "${strcontains(trimsuffix(line, "/"), "/") ? "" : "**/"}${trim(line, "/")}${end}"
      ))
    ]
  ])
  chart_files = local.from_oci ? [] : sort(setsubtract(fileset(local.chart, "**"), local.ignored))
  chart_identity = local.from_oci ? "${local.chart}:${var.chart_version}" : "sha256:${sha256(join("\n", [
    for file in local.chart_files : "${file} ${filesha256("${local.chart}/${file}")}"
  ]))}"

  # Always stated: where it is not, upgrade_install makes the provider plan the installed version,
  # and an apply with a newer chart ends with "inconsistent result".
  chart_version = local.from_oci ? var.chart_version : try(local.described.version, null)

  overrides = merge(
    var.image_digest == null ? {} : { image = { digest = var.image_digest } },
    var.secrets_revision == null ? {} : { secrets = { revision = var.secrets_revision } },
  )
  values = concat(var.values, length(local.overrides) == 0 ? [] : [yamlencode(local.overrides)])
  given  = merge([for text in local.values : yamldecode(text)]...)

  # Files over the chart's defaults, as Helm lays them. What is no number is the schema's to refuse.
  defaults = try([file("${local.chart}/values.yaml")], [])
  startup  = merge([for text in concat(local.defaults, local.values) : try(merge(yamldecode(text).probes.startup), {})]...)
  budget   = try(local.startup.periodSeconds * 1, 1) * try(local.startup.failureThreshold * 1, 60)
}

resource "helm_release" "this" {
  name      = var.name
  namespace = var.namespace
  chart     = local.chart
  version   = local.chart_version
  values    = local.values

  # A chart is seen by Terraform only by its version. The description makes a changed byte a diff,
  # and tells a release that Terraform made from one that somebody else put in its place.
  description = "chart ${local.chart_identity} values ${sha256(join("\n---\n", local.values))}"

  lint            = true # the chart's own rules speak in the plan
  upgrade_install = true
  atomic          = true # a failed change ends with the old version serving
  cleanup_on_fail = true
  wait            = true
  wait_for_jobs   = true
  max_history     = 10
  timeout         = var.timeout

  lifecycle {
    precondition {
      condition     = local.from_oci || contains(local.chart_files, "Chart.yaml")
      error_message = "chart ${jsonencode(local.chart)} cannot be read file by file: put it where its path has none of * ? [ ] { }, and leave Chart.yaml out of .helmignore."
    }

    precondition {
      condition     = try(local.described.type, "application") == "application"
      error_message = "chart ${jsonencode(local.chart)} is of the type ${jsonencode(try(local.described.type, null))}: only an application can be installed."
    }

    precondition {
      condition     = var.timeout > local.budget
      error_message = "timeout ${var.timeout} s is not above the startup budget of ${local.budget} s (probes.startup: periodSeconds x failureThreshold): a slow, good start would be rolled back."
    }

    precondition {
      condition     = try(local.given.name, null) == var.name
      error_message = "name is ${jsonencode(var.name)} and the values say ${jsonencode(try(local.given.name, null))}: objects are named by the values, so both must be the same."
    }
  }
}

# Seen by `terraform plan -refresh-only` and after every apply.
check "deployed" {
  assert {
    condition     = helm_release.this.status == "deployed"
    error_message = "release ${var.name} in namespace ${var.namespace} is ${helm_release.this.status}: look with `helm history ${var.name} -n ${var.namespace}`."
  }
}
