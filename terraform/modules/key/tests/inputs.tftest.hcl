# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  name = "dev/cluster"
  aws  = { account = "111122223333", region = "eu-central-1" }
}

run "accepts_the_least" {
  command = plan
}

run "accepts_the_shortest_window" {
  command = plan

  variables {
    window = 7
  }
}

run "refuses_a_name_without_a_purpose" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "dev"
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-central-1" }
  }
}

run "refuses_a_window_of_six_days" {
  command         = plan
  expect_failures = [var.window]

  variables {
    window = 6
  }
}

run "refuses_a_window_of_31_days" {
  command         = plan
  expect_failures = [var.window]

  variables {
    window = 31
  }
}

run "refuses_half_a_day" {
  command         = plan
  expect_failures = [var.window]

  variables {
    window = 7.5
  }
}

run "refuses_a_name_of_aws_s_own" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "aws/cluster"
  }
}

run "accepts_a_name_that_begins_alike" {
  command = plan

  variables {
    name = "aws-dev/cluster"
  }
}
