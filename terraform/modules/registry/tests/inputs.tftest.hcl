# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  aws          = { account = "111122223333", region = "eu-central-1" }
  repositories = ["dev/hello"]
}

run "accepts_the_least" {
  command = plan
}

run "accepts_the_fewest_images" {
  command = plan

  variables {
    keep = { images = 10 }
  }
}

run "accepts_a_cache" {
  command = plan

  variables {
    caches = { quay = "quay.io", "dev/quay" = "quay.io" }
  }
}

run "accepts_a_puller" {
  command = plan

  variables {
    pullers = { prod = "444455556666" }
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-central-1" }
  }
}

run "refuses_a_repository_with_a_capital" {
  command         = plan
  expect_failures = [var.repositories]

  variables {
    repositories = ["dev/Hello"]
  }
}

run "refuses_too_few_images_for_a_rollback" {
  command         = plan
  expect_failures = [var.keep]

  variables {
    keep = { images = 9 }
  }
}

run "refuses_no_day_for_the_untagged" {
  command         = plan
  expect_failures = [var.keep]

  variables {
    keep = { untagged_days = 0 }
  }
}

run "refuses_a_puller_that_is_no_account" {
  command         = plan
  expect_failures = [var.pullers]

  variables {
    pullers = { prod = "*" }
  }
}

run "refuses_a_cache_that_asks_for_a_login" {
  command         = plan
  expect_failures = [var.caches]

  variables {
    caches = { hub = "registry-1.docker.io" }
  }
}

run "refuses_a_cache_s_prefix_with_a_capital" {
  command         = plan
  expect_failures = [var.caches]

  variables {
    caches = { Quay = "quay.io" }
  }
}

run "refuses_a_cache_s_prefix_that_is_too_long_with_its_platform" {
  command         = plan
  expect_failures = [var.caches]

  variables {
    caches = { "a-platform-of-24-letters/ecrpub" = "public.ecr.aws" }
  }
}

run "refuses_a_cache_s_prefix_of_one_letter" {
  command         = plan
  expect_failures = [var.caches]

  variables {
    caches = { q = "quay.io" }
  }
}
