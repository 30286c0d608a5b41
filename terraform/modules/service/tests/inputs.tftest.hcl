# A failing input for every rule of variables.tf and main.tf, and a passing neighbour as control.

mock_provider "helm" {
  override_during = plan

  mock_resource "helm_release" {
    defaults = { status = "deployed" }
  }
}

variables {
  name      = "hello"
  namespace = "hello"
  values    = ["name: hello"]
}

run "accepts_the_least" {
  command = plan
}

run "accepts_names_at_their_bounds" {
  command = plan

  variables {
    name      = "a2345678901234567890123456789012345678901234567890123"
    namespace = "a23456789012345678901234567890123456789012345678901234567890123"
    values    = ["name: a2345678901234567890123456789012345678901234567890123"]
  }
}

run "accepts_an_address_and_its_version" {
  command = plan

  variables {
    chart         = "oci://registry.example.com:5000/charts/service"
    chart_version = "1.2.3-rc.1+build.5"
  }
}

run "accepts_a_folder" {
  command = plan

  variables {
    chart = "../../../chart"
  }
}

run "accepts_overrides" {
  command = plan

  variables {
    image_digest     = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    secrets_revision = "2026-11"
  }
}

run "accepts_a_time_above_the_budget" {
  command = plan

  variables {
    timeout = 61
  }
}

run "accepts_a_later_name" {
  command = plan

  variables {
    values = ["name: other", "name: hello"]
  }
}

run "refuses_name_with_upper_case" {
  command = plan

  variables {
    name = "Hello"
  }

  expect_failures = [var.name]
}

run "refuses_name_beginning_with_a_digit" {
  command = plan

  variables {
    name = "1hello"
  }

  expect_failures = [var.name]
}

run "refuses_name_ending_with_a_dash" {
  command = plan

  variables {
    name = "hello-"
  }

  expect_failures = [var.name]
}

run "refuses_name_with_a_dot" {
  command = plan

  variables {
    name = "hello.world"
  }

  expect_failures = [var.name]
}

run "refuses_name_with_another_alphabet" {
  command = plan

  variables {
    name = "h\u00e9llo"
  }

  expect_failures = [var.name]
}

run "refuses_name_with_a_space" {
  command = plan

  variables {
    name = "hello "
  }

  expect_failures = [var.name]
}

run "refuses_name_empty" {
  command = plan

  variables {
    name = ""
  }

  expect_failures = [var.name]
}

run "refuses_name_of_54_characters" {
  command = plan

  variables {
    name = "a23456789012345678901234567890123456789012345678901234"
  }

  expect_failures = [var.name]
}

run "refuses_namespace_with_an_underscore" {
  command = plan

  variables {
    namespace = "my_space"
  }

  expect_failures = [var.namespace]
}

run "refuses_namespace_empty" {
  command = plan

  variables {
    namespace = ""
  }

  expect_failures = [var.namespace]
}

run "refuses_namespace_of_64_characters" {
  command = plan

  variables {
    namespace = "a234567890123456789012345678901234567890123456789012345678901234"
  }

  expect_failures = [var.namespace]
}

run "refuses_chart_that_is_no_folder" {
  command = plan

  variables {
    chart = "no/such/chart"
  }

  expect_failures = [var.chart]
}

run "refuses_chart_folder_without_a_chart" {
  command = plan

  variables {
    chart = "tests"
  }

  expect_failures = [var.chart]
}

run "refuses_chart_empty" {
  command = plan

  variables {
    chart = ""
  }

  expect_failures = [var.chart]
}

run "refuses_chart_that_is_a_library" {
  command = plan

  variables {
    chart = "tests/library"
  }

  expect_failures = [helm_release.this]
}

run "refuses_chart_address_of_a_repository" {
  command = plan

  variables {
    chart = "https://charts.example.com/service"
  }

  expect_failures = [var.chart]
}

run "refuses_chart_address_with_a_tag" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service:1.0.0"
    chart_version = "1.0.0"
  }

  expect_failures = [var.chart]
}

run "refuses_chart_address_without_a_version" {
  command = plan

  variables {
    chart = "oci://ghcr.io/example/charts/service"
  }

  expect_failures = [var.chart_version]
}

run "refuses_chart_folder_with_a_version" {
  command = plan

  variables {
    chart_version = "1.0.0"
  }

  expect_failures = [var.chart_version]
}

run "refuses_chart_version_range" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service"
    chart_version = "~> 1.0"
  }

  expect_failures = [var.chart_version]
}

run "refuses_chart_version_of_two_numbers" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service"
    chart_version = "1.0"
  }

  expect_failures = [var.chart_version]
}

run "refuses_chart_version_empty" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service"
    chart_version = ""
  }

  expect_failures = [var.chart_version]
}

run "refuses_chart_version_with_a_v" {
  command = plan

  variables {
    chart         = "oci://ghcr.io/example/charts/service"
    chart_version = "v1.0.0"
  }

  expect_failures = [var.chart_version]
}

run "refuses_values_empty" {
  command = plan

  variables {
    values = []
  }

  expect_failures = [var.values]
}

run "refuses_values_a_path" {
  command = plan

  variables {
    values = ["environments/prod.yaml"]
  }

  expect_failures = [var.values]
}

run "refuses_values_a_list" {
  command = plan

  variables {
    values = ["- name: hello"]
  }

  expect_failures = [var.values]
}

run "refuses_values_no_yaml" {
  command = plan

  variables {
    values = ["name: [hello"]
  }

  expect_failures = [var.values]
}

run "refuses_values_of_two_documents" {
  command = plan

  variables {
    values = ["name: hello\n---\nname: hello"]
  }

  expect_failures = [var.values]
}

run "refuses_values_an_empty_text" {
  command = plan

  variables {
    values = ["name: hello", ""]
  }

  expect_failures = [var.values]
}

run "refuses_an_image_that_is_no_table" {
  command = plan

  variables {
    values       = ["name: hello", "image: ghcr.io/example/hello"]
    image_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.values]
}

run "refuses_secrets_that_are_no_table" {
  command = plan

  variables {
    values           = ["name: hello", "secrets: null"]
    secrets_revision = "2"
  }

  expect_failures = [var.values]
}

run "refuses_values_of_another_name" {
  command = plan

  variables {
    values = ["name: other"]
  }

  expect_failures = [helm_release.this]
}

run "refuses_values_without_a_name" {
  command = plan

  variables {
    values = ["config: {}"]
  }

  expect_failures = [helm_release.this]
}

run "refuses_image_digest_without_its_kind" {
  command = plan

  variables {
    image_digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.image_digest]
}

run "refuses_image_digest_too_short" {
  command = plan

  variables {
    image_digest = "sha256:0123"
  }

  expect_failures = [var.image_digest]
}

run "refuses_image_digest_a_tag" {
  command = plan

  variables {
    image_digest = "v1.2.3"
  }

  expect_failures = [var.image_digest]
}

run "refuses_image_digest_empty" {
  command = plan

  variables {
    image_digest = ""
  }

  expect_failures = [var.image_digest]
}

run "refuses_image_digest_of_another_kind" {
  command = plan

  variables {
    image_digest = "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }

  expect_failures = [var.image_digest]
}

run "refuses_image_digest_with_a_line_s_end" {
  command = plan

  variables {
    image_digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
  }

  expect_failures = [var.image_digest]
}

run "refuses_secrets_revision_with_a_dot" {
  command = plan

  variables {
    secrets_revision = "2.1"
  }

  expect_failures = [var.secrets_revision]
}

run "refuses_secrets_revision_with_upper_case" {
  command = plan

  variables {
    secrets_revision = "R2"
  }

  expect_failures = [var.secrets_revision]
}

run "refuses_secrets_revision_of_21_characters" {
  command = plan

  variables {
    secrets_revision = "a23456789012345678901"
  }

  expect_failures = [var.secrets_revision]
}

run "refuses_secrets_revision_empty" {
  command = plan

  variables {
    secrets_revision = ""
  }

  expect_failures = [var.secrets_revision]
}

run "refuses_timeout_zero" {
  command = plan

  variables {
    timeout = 0
  }

  expect_failures = [var.timeout]
}

run "refuses_timeout_negative" {
  command = plan

  variables {
    timeout = -1
  }

  expect_failures = [var.timeout]
}

run "refuses_timeout_of_more_than_an_hour" {
  command = plan

  variables {
    timeout = 3601
  }

  expect_failures = [var.timeout]
}

run "refuses_timeout_with_a_fraction" {
  command = plan

  variables {
    timeout = 90.5
  }

  expect_failures = [var.timeout]
}

run "refuses_timeout_at_the_startup_budget" {
  command = plan

  variables {
    timeout = 60
  }

  expect_failures = [helm_release.this]
}

run "refuses_timeout_below_a_longer_startup_budget" {
  command = plan

  variables {
    values = ["name: hello\nprobes: {startup: {failureThreshold: 200}}"]
  }

  expect_failures = [helm_release.this]
}
