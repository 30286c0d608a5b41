# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  name    = "dev"
  aws     = { account = "111122223333", region = "eu-central-1" }
  cluster = "dev"
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

run "accepts_a_service_with_a_bucket" {
  command = plan

  variables {
    services = { hello = { secret = "dev/hello", statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::pictures/*", "arn:aws:sqs:eu-*:1111?2223333:queue"] }] } }
  }
}

run "accepts_all_controllers" {
  command = plan

  variables {
    controllers = ["aws-ebs-csi-driver", "external-dns", "external-secrets", "karpenter", "load-balancer", "vpc-cni"]
    zone        = { id = "Z1", suffix = "dev.example.com" }
    secrets     = { names = ["dev/hello"] }
    karpenter   = { queue = "q", node_role = "n" }
  }
}

run "accepts_a_workflow" {
  command = plan

  variables {
    ci = { repository = "example/hello" }
  }
}

run "accepts_a_workflow_of_a_repository_with_ids" {
  command = plan

  variables {
    ci = { repository = "example@123456/hello@456789" }
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

run "refuses_an_unknown_controller" {
  command         = plan
  expect_failures = [var.controllers]

  variables {
    controllers = ["argocd"]
  }
}

run "refuses_external_dns_without_a_zone" {
  command         = plan
  expect_failures = [var.controllers]

  variables {
    controllers = ["external-dns"]
  }
}

run "refuses_external_secrets_without_secrets" {
  command         = plan
  expect_failures = [var.controllers]

  variables {
    controllers = ["external-secrets"]
  }
}

run "refuses_karpenter_without_a_queue" {
  command         = plan
  expect_failures = [var.controllers]

  variables {
    controllers = ["karpenter"]
  }
}

run "refuses_every_secret_of_an_environment" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { names = ["dev/*"] }
  }
}

run "refuses_a_service_s_name_that_cannot_be" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { Hello = {} }
  }
}

run "refuses_a_service_s_name_too_long_for_a_role" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { a2345678901234567890123456789012345678901234567890123 = {} }
  }
}

run "refuses_every_action" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["*"], resources = ["arn:aws:s3:::pictures/*"] }] } }
  }
}

run "refuses_every_action_of_a_kind" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:Get*"], resources = ["arn:aws:s3:::pictures/*"] }] } }
  }
}

run "refuses_every_resource" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:GetObject"], resources = ["*"] }] } }
  }
}

run "refuses_every_repository" {
  command         = plan
  expect_failures = [var.ci]

  variables {
    ci = { repository = "example/*" }
  }
}

run "refuses_a_repository_with_one_id" {
  command         = plan
  expect_failures = [var.ci]

  variables {
    ci = { repository = "example/hello@456789" }
  }
}

run "refuses_every_id" {
  command         = plan
  expect_failures = [var.ci]

  variables {
    ci = { repository = "example@*/hello@*" }
  }
}

run "refuses_every_branch" {
  command         = plan
  expect_failures = [var.ci]

  variables {
    ci = { repository = "example/hello", branch = "*" }
  }
}

run "refuses_every_environment" {
  command         = plan
  expect_failures = [var.ci]

  variables {
    ci = { repository = "example/hello", environment = "*" }
  }
}

run "refuses_the_root_among_people" {
  command         = plan
  expect_failures = [var.people]

  variables {
    people = { view = ["arn:aws:iam::111122223333:root"] }
  }
}

run "refuses_a_namespace_with_a_capital" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { namespace = "Hello" } }
  }
}

run "refuses_a_namespace_of_64_characters" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { namespace = join("", [for number in range(64) : "a"]) } }
  }
}

run "refuses_statements_longer_than_a_policy" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:GetObject"], resources = [for number in range(300) : "arn:aws:s3:::pictures-of-everybody-${number}/*"] }] } }
  }
}

run "refuses_more_people_than_a_trust_holds" {
  command         = plan
  expect_failures = [var.people]

  variables {
    people = { view = [for number in range(60) : "arn:aws:iam::111122223333:role/people-${number}"] }
  }
}

run "refuses_a_person_s_role_twice" {
  command         = plan
  expect_failures = [var.people]

  variables {
    people = { deploy = ["arn:aws:iam::111122223333:role/people", "arn:aws:iam::111122223333:role/people"] }
  }
}

run "accepts_another_account_s_bucket_and_table" {
  command = plan

  variables {
    services = { hello = { statements = [{ actions = ["dynamodb:GetItem"], resources = ["arn:aws:dynamodb:eu-central-1:444455556666:table/pictures", "arn:aws:s3:::pictures"] }] } }
  }
}

run "refuses_a_resource_of_another_partition" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws-us-gov:s3:::pictures/*"] }] } }
  }
}

run "refuses_half_an_arn" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:pictures"] }] } }
  }
}

run "refuses_a_statement_without_an_action" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = [], resources = ["arn:aws:s3:::pictures/*"] }] } }
  }
}

run "refuses_a_statement_without_a_resource" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { statements = [{ actions = ["s3:GetObject"], resources = [] }] } }
  }
}

run "refuses_a_service_named_like_a_controller" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { external-dns = {} }
  }
}

run "refuses_a_service_in_the_clusters_own_namespace" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = { namespace = "kube-system" } }
  }
}

run "accepts_a_service_named_like_a_controller_elsewhere" {
  command = plan

  variables {
    services = { external-dns = { namespace = "names" } }
  }
}
