# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  aws     = { account = "111122223333", region = "eu-central-1" }
  names   = ["dev/hello"]
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
}

run "accepts_the_least" {
  command = plan
}

run "accepts_no_window" {
  command = plan

  variables {
    window = 0
  }
}

run "accepts_a_reader" {
  command = plan

  variables {
    readers = { "dev/hello" = ["arn:aws:iam::111122223333:role/x"] }
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-central-1" }
  }
}

run "refuses_a_name_without_an_environment" {
  command         = plan
  expect_failures = [var.names]

  variables {
    names = ["hello"]
  }
}

run "refuses_a_name_with_a_capital" {
  command         = plan
  expect_failures = [var.names]

  variables {
    names = ["dev/Hello"]
  }
}

run "refuses_a_reader_of_an_unknown_secret" {
  command         = plan
  expect_failures = [var.readers]

  variables {
    readers = { "dev/other" = ["arn:aws:iam::111122223333:role/x"] }
  }
}

run "refuses_a_secret_for_nobody" {
  command         = plan
  expect_failures = [var.readers]

  variables {
    readers = { "dev/hello" = [] }
  }
}

run "refuses_the_account_as_reader" {
  command         = plan
  expect_failures = [var.readers]

  variables {
    readers = { "dev/hello" = ["arn:aws:iam::111122223333:root"] }
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

run "refuses_no_window_in_a_protected_platform" {
  command         = plan
  expect_failures = [var.window]

  variables {
    window    = 0
    protected = true
  }
}
