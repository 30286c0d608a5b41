# What a plan says: the options of the release, the chart's content, the overrides.

mock_provider "helm" {
  override_during = plan

  mock_resource "helm_release" {
    defaults = { status = "deployed" }
  }
}

variables {
  name      = "hello"
  namespace = "shop"
  values    = ["name: hello\nimage: {digest: \"\"}", "config: {LOG_LEVEL: DEBUG}"]
}

run "options" {
  command = plan

  assert {
    condition = alltrue([
      helm_release.this.lint, helm_release.this.upgrade_install, helm_release.this.atomic,
      helm_release.this.cleanup_on_fail, helm_release.this.wait, helm_release.this.wait_for_jobs,
    ])
    error_message = "an option that keeps the old version serving is off"
  }

  assert {
    condition     = helm_release.this.max_history == 10 && helm_release.this.timeout == 120
    error_message = "the history or the time is another one"
  }

  assert {
    condition     = helm_release.this.name == "hello" && helm_release.this.namespace == "shop"
    error_message = "the release is called or placed otherwise"
  }

  assert {
    condition     = helm_release.this.create_namespace == false
    error_message = "the namespace would be Terraform's"
  }

  assert {
    condition     = helm_release.this.version == yamldecode(file("../../../chart/Chart.yaml")).version
    error_message = "the version is not the chart's own"
  }
}

run "values_as_they_are" {
  command = plan

  assert {
    condition     = helm_release.this.values == var.values
    error_message = "the values are not passed as they are"
  }

  assert {
    condition     = can(regex("^chart sha256:[0-9a-f]{64} values [0-9a-f]{64}$", helm_release.this.description))
    error_message = "the description does not identify chart and values: ${helm_release.this.description}"
  }

  assert {
    condition     = output.chart == regex("sha256:[0-9a-f]{64}", helm_release.this.description)
    error_message = "the output is another chart than the description's"
  }
}

run "overrides_come_last" {
  command = plan

  variables {
    image_digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    secrets_revision = "7"
  }

  assert {
    condition     = slice(helm_release.this.values, 0, 2) == tolist(var.values) && length(helm_release.this.values) == 3
    error_message = "the files are not passed as they are, before the overrides"
  }

  assert {
    condition     = yamldecode(helm_release.this.values[2]) == { image = { digest = var.image_digest }, secrets = { revision = "7" } }
    error_message = "the overrides are ${helm_release.this.values[2]}"
  }

  assert {
    condition     = helm_release.this.description != run.values_as_they_are.description
    error_message = "other values, the same description"
  }
}

run "a_registry_s_chart" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service"
    chart_version = "1.4.2"
  }

  assert {
    condition     = helm_release.this.chart == var.chart && helm_release.this.version == "1.4.2"
    error_message = "the address or the version is another one"
  }

  assert {
    condition     = output.chart == "oci://ghcr.io/example/charts/service:1.4.2"
    error_message = "the chart's identity is ${output.chart}"
  }
}
