# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "helm" {}

variables {
  platform = {
    schema   = 1
    name     = "dev"
    aws      = { region = "eu-central-1" }
    vpc      = { id = "vpc-1", private_subnets = { eu-central-1a = "subnet-1" } }
    compute  = { mode = "auto_mode" }
    cluster  = { name = "dev", security_group = "sg-1" }
    dns      = { zone_id = "Z1", suffix = "dev.example.com" }
    route    = { mode = "ingress", annotations = {}, gateway = { name = "public", namespace = "gateway" } }
    secrets  = { store = "aws-secrets-manager", store_kind = "ClusterSecretStore" }
    services = {}
  }
}

run "accepts_the_least" {
  command = plan
}

run "accepts_no_monitoring" {
  command = plan

  variables {
    monitoring = null
  }
}

run "refuses_an_address_instead_of_a_secrets_name" {
  command         = plan
  expect_failures = [var.monitoring]

  variables {
    monitoring = { receiver = "https://example.com/hook" }
  }
}

run "refuses_another_schema" {
  command         = plan
  expect_failures = [var.platform]

  variables {
    platform = {
      schema   = 2
      name     = "dev"
      aws      = { region = "eu-central-1" }
      vpc      = { id = "vpc-1", private_subnets = { eu-central-1a = "subnet-1" } }
      compute  = { mode = "auto_mode" }
      cluster  = { name = "dev", security_group = "sg-1" }
      dns      = { zone_id = "Z1", suffix = "dev.example.com" }
      route    = { mode = "ingress", annotations = {}, gateway = { name = "public", namespace = "gateway" } }
      secrets  = { store = "aws-secrets-manager", store_kind = "ClusterSecretStore" }
      services = {}
    }
  }
}

run "refuses_an_unknown_release" {
  command         = plan
  expect_failures = [var.charts]

  variables {
    charts = { nginx = { chart = "a", version = "1.2.3" } }
  }
}

run "refuses_a_version_that_moves" {
  command         = plan
  expect_failures = [var.charts]

  variables {
    charts = { karpenter = { chart = "a", version = "latest" } }
  }
}

run "refuses_no_day_of_metrics" {
  command         = plan
  expect_failures = [var.monitoring]

  variables {
    monitoring = { days = 0 }
  }
}

run "refuses_too_small_a_disk" {
  command         = plan
  expect_failures = [var.monitoring]

  variables {
    monitoring = { disk = 9 }
  }
}

run "refuses_a_pool_of_nothing" {
  command         = plan
  expect_failures = [var.pools]

  variables {
    pools = { a = { cpu = 0 } }
  }
}

run "refuses_a_kind_of_capacity_that_is_none" {
  command         = plan
  expect_failures = [var.pools]

  variables {
    pools = { a = { capacity = ["cheap"] } }
  }
}

run "refuses_a_minute_less_a_second" {
  command         = plan
  expect_failures = [var.timeout]

  variables {
    timeout = 59
  }
}
