# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  aws    = { account = "111122223333", region = "eu-west-1" }
  bucket = "example-terraform-state"
}

run "accepts_the_least" {
  command = plan
}

run "accepts_a_state" {
  command = plan

  variables {
    states = ["platform/dev.tfstate"]
  }
}

run "accepts_seven_days" {
  command = plan

  variables {
    days = 7
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-west-1" }
  }
}

run "refuses_a_region_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "111122223333", region = "europe" }
  }
}

run "refuses_a_bucket_with_a_capital" {
  command         = plan
  expect_failures = [var.bucket]

  variables {
    bucket = "Example"
  }
}

run "refuses_a_bucket_of_two_characters" {
  command         = plan
  expect_failures = [var.bucket]

  variables {
    bucket = "ab"
  }
}

run "refuses_every_state" {
  command         = plan
  expect_failures = [var.states]

  variables {
    states = ["*"]
  }
}

run "refuses_a_state_of_another_kind" {
  command         = plan
  expect_failures = [var.states]

  variables {
    states = ["platform/dev.json"]
  }
}

run "refuses_six_days" {
  command         = plan
  expect_failures = [var.days]

  variables {
    days = 6
  }
}

run "refuses_a_bucket_with_a_suffix_of_s3_s" {
  command         = plan
  expect_failures = [var.bucket]

  variables {
    bucket = "states-s3alias"
  }
}

run "refuses_a_bucket_with_a_prefix_of_s3_s" {
  command         = plan
  expect_failures = [var.bucket]

  variables {
    bucket = "xn--states"
  }
}

run "refuses_a_region_of_china" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "111122223333", region = "cn-north-1" }
  }
}

run "accepts_ten_states" {
  command = plan

  variables {
    states = [for number in range(10) : "platform/environment-${number}.tfstate"]
  }
}

run "refuses_more_states_than_a_policy_holds" {
  command         = plan
  expect_failures = [var.states]

  variables {
    states = [for number in range(40) : "platform/environment-${number}.tfstate"]
  }
}
