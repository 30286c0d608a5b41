# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  name  = "dev"
  aws   = { account = "111122223333", region = "eu-central-1" }
  cidr  = "10.20.0.0/16"
  zones = ["eu-central-1a", "eu-central-1b"]
}

run "accepts_the_least" {
  command = plan
}

run "accepts_a_name_of_38_characters" {
  command = plan

  variables {
    name = "a2345678901234567890123456789012345678"
  }
}

run "accepts_the_least_network" {
  command = plan

  variables {
    cidr = "10.20.16.0/20"
  }
}

run "accepts_the_range_beside_the_services" {
  command = plan

  variables {
    cidr = "172.21.0.0/16"
  }
}

run "accepts_a_protected_platform" {
  command = plan

  variables {
    protected = true
    nat       = "per_zone"
    zones     = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  }
}

run "accepts_no_nat_with_the_endpoints_for_it" {
  command = plan

  variables {
    nat       = "none"
    endpoints = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]
  }
}

run "refuses_a_name_of_39_characters" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "a23456789012345678901234567890123456789"
  }
}

run "refuses_a_name_with_a_capital" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Dev"
  }
}

run "refuses_a_name_that_ends_with_a_dash" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "dev-"
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-central-1" }
  }
}

run "refuses_a_region_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "111122223333", region = "europe" }
  }
}

run "refuses_a_network_too_large" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "10.20.0.0/15"
  }
}

run "refuses_a_network_too_small" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "10.20.0.0/21"
  }
}

run "refuses_a_network_not_named_by_its_first_address" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "10.20.1.0/16"
  }
}

run "refuses_a_word_for_a_network" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "ten"
  }
}

run "refuses_public_addresses" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "11.20.0.0/16"
  }
}

run "refuses_addresses_beside_the_private_ones" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "172.32.0.0/16"
  }
}

run "refuses_the_services_range" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "172.20.0.0/16"
  }
}

run "refuses_a_part_of_the_services_range" {
  command         = plan
  expect_failures = [var.cidr]

  variables {
    cidr = "172.20.16.0/20"
  }
}

run "refuses_one_zone" {
  command         = plan
  expect_failures = [var.zones]

  variables {
    zones = ["eu-central-1a"]
  }
}

run "refuses_four_zones" {
  command         = plan
  expect_failures = [var.zones]

  variables {
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"]
  }
}

run "refuses_a_zone_twice" {
  command         = plan
  expect_failures = [var.zones]

  variables {
    zones = ["eu-central-1a", "eu-central-1a"]
  }
}

run "refuses_another_region_s_zone" {
  command         = plan
  expect_failures = [var.zones]

  variables {
    zones = ["eu-central-1a", "eu-west-1b"]
  }
}

run "refuses_a_kind_of_nat_that_is_none" {
  command         = plan
  expect_failures = [var.nat]

  variables {
    nat = "two"
  }
}

run "refuses_one_gateway_in_a_protected_platform" {
  command         = plan
  expect_failures = [var.nat]

  variables {
    nat       = "one"
    protected = true
  }
}

run "refuses_an_unknown_endpoint" {
  command         = plan
  expect_failures = [var.endpoints]

  variables {
    endpoints = ["ecr"]
  }
}

run "refuses_no_nat_without_the_endpoints_for_it" {
  command         = plan
  expect_failures = [var.endpoints]

  variables {
    nat       = "none"
    endpoints = ["ec2", "ecr.api", "ecr.dkr", "eks", "sts"]
  }
}

run "refuses_a_time_that_cloudwatch_does_not_know" {
  command         = plan
  expect_failures = [var.flow_logs]

  variables {
    flow_logs = { key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one", days = 100 }
  }
}

run "refuses_a_name_like_a_security_group_s_id" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "sg-dev"
  }
}

run "refuses_a_region_of_china" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws   = { account = "111122223333", region = "cn-north-1" }
    zones = ["cn-north-1a", "cn-north-1b"]
  }
}

run "refuses_a_region_of_another_partition" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws   = { account = "111122223333", region = "us-gov-west-1" }
    zones = ["us-gov-west-1a", "us-gov-west-1b"]
  }
}

run "accepts_a_region_of_its_partition" {
  command = plan

  variables {
    aws   = { account = "111122223333", region = "us-gov-west-1", partition = "aws-us-gov" }
    zones = ["us-gov-west-1a", "us-gov-west-1b"]
  }
}
