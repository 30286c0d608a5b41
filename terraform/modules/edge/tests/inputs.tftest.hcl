# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {
  override_during = plan

  mock_resource "aws_acm_certificate" {
    defaults = {
      not_after = "2099-01-01T00:00:00Z"
      domain_validation_options = [
        { domain_name = "dev.example.com", resource_record_name = "_one", resource_record_type = "CNAME", resource_record_value = "_two" },
        { domain_name = "a.dev.example.com", resource_record_name = "_one", resource_record_type = "CNAME", resource_record_value = "_two" },
      ]
    }
  }
}

variables {
  name    = "dev"
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  vpc     = { id = "vpc-1", cidr = "10.20.0.0/16" }
  zone    = { name = "dev.example.com", id = "Z1" }
}

run "accepts_the_least" {
  command = plan
}

run "accepts_a_rate_of_100" {
  command = plan

  variables {
    waf = { rate = 100 }
  }
}

run "accepts_a_suffix_in_the_zone" {
  command = plan

  variables {
    suffix = "a.dev.example.com"
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

run "refuses_a_zone_that_is_none" {
  command         = plan
  expect_failures = [var.zone]

  variables {
    zone = { name = "dev", id = "Z1" }
  }
}

run "refuses_a_zone_neither_made_nor_there" {
  command         = plan
  expect_failures = [var.zone]

  variables {
    zone = { name = "dev.example.com" }
  }
}

run "refuses_a_zone_made_and_there" {
  command         = plan
  expect_failures = [var.zone]

  variables {
    zone = { name = "dev.example.com", create = true, id = "Z1" }
  }
}

run "refuses_a_suffix_of_another_zone" {
  command         = plan
  expect_failures = [var.suffix]

  variables {
    suffix = "dev.example.org"
  }
}

run "refuses_a_suffix_that_only_looks_alike" {
  command         = plan
  expect_failures = [var.suffix]

  variables {
    suffix = "mydev.example.com"
  }
}

run "refuses_nobody_as_client" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = {}
  }
}

run "refuses_a_client_that_is_none" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { office = "office" }
  }
}

run "refuses_a_rate_of_99" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rate = 99 }
  }
}

run "refuses_half_a_request" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rate = 100.5 }
  }
}

run "refuses_rules_without_log4j" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rules = ["AWSManagedRulesCommonRuleSet"] }
  }
}

run "refuses_a_rule_that_is_none" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rules = ["AWSManagedRulesKnownBadInputsRuleSet", "log4j"] }
  }
}

run "refuses_a_rule_twice" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rules = ["AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"] }
  }
}

run "refuses_a_name_like_a_security_group_s_id" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "sg-dev"
  }
}

run "refuses_a_zone_s_id_that_is_none" {
  command         = plan
  expect_failures = [var.zone]

  variables {
    zone = { name = "dev.example.com", id = "/hostedzone/Z1" }
  }
}

run "refuses_an_empty_id" {
  command         = plan
  expect_failures = [var.zone]

  variables {
    zone = { name = "dev.example.com", id = "" }
  }
}

run "refuses_a_suffix_that_is_no_domain" {
  command         = plan
  expect_failures = [var.suffix]

  variables {
    suffix = "*.dev.example.com"
  }
}

run "refuses_a_suffix_longer_than_a_certificate_s_name" {
  command         = plan
  expect_failures = [var.suffix]

  variables {
    suffix = "a23456789012345678901234567890.a23456789012345678901234567890.dev.example.com"
  }
}

run "refuses_a_client_written_by_another_address" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { office = "203.0.113.5/24" }
  }
}

run "refuses_a_client_s_name_that_no_rule_may_say" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { "Büro <1>" = "203.0.113.0/24" }
  }
}

run "refuses_a_client_twice" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { one = "203.0.113.0/24", two = "203.0.113.0/24" }
  }
}

run "refuses_31_clients" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { for number in range(31) : "office-${number}" => "203.0.113.${number}/32" }
  }
}

run "refuses_a_group_of_rules_that_wants_to_be_told_more" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rules = ["AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesATPRuleSet"] }
  }
}

run "refuses_a_log_of_31_days" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { days = 31 }
  }
}

run "accepts_1477_units_of_rules" {
  command = plan

  variables {
    waf = { rules = [
      "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesAnonymousIpList", "AWSManagedRulesCommonRuleSet",
      "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesLinuxRuleSet", "AWSManagedRulesSQLiRuleSet",
      "AWSManagedRulesUnixRuleSet",
    ] }
  }
}

run "refuses_1577_units_of_rules" {
  command         = plan
  expect_failures = [var.waf]

  variables {
    waf = { rules = [
      "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesAnonymousIpList", "AWSManagedRulesCommonRuleSet",
      "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesLinuxRuleSet", "AWSManagedRulesPHPRuleSet",
      "AWSManagedRulesSQLiRuleSet", "AWSManagedRulesUnixRuleSet",
    ] }
  }
}
