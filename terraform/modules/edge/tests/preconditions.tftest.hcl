# What a plan refuses when inputs that are each right do not fit together.
mock_provider "aws" {
  override_during = plan

  mock_resource "aws_acm_certificate" {
    defaults = {
      arn       = "arn:aws:acm:eu-central-1:111122223333:certificate/one"
      not_after = "2099-01-01T00:00:00Z"
      domain_validation_options = [{
        domain_name           = "dev.example.com"
        resource_record_name  = "_one.dev.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_two.acm-validations.aws."
      }]
    }
  }
}

variables {
  name    = "dev"
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  vpc     = { id = "vpc-1", cidr = "10.20.0.0/16" }
  zone    = { name = "dev.example.com", id = "Z1" }
}

run "accepts_the_domain_and_names_below_it" {
  command = plan

  variables {
    names = ["dev.example.com", "hello.dev.example.com"]
  }
}

run "refuses_a_name_two_labels_below" {
  command         = plan
  expect_failures = [aws_acm_certificate.this]

  variables {
    names = ["a.hello.dev.example.com"]
  }
}

run "refuses_another_domain_s_name" {
  command         = plan
  expect_failures = [aws_acm_certificate.this]

  variables {
    names = ["hello.example.org"]
  }
}

run "warns_of_a_certificate_that_ends" {
  command         = plan
  expect_failures = [check.certificate]

  override_resource {
    target          = aws_acm_certificate.this
    override_during = plan
    values = {
      not_after = "2020-01-01T00:00:00Z"
      domain_validation_options = [{
        domain_name           = "dev.example.com"
        resource_record_name  = "_one.dev.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_two.acm-validations.aws."
      }]
    }
  }
}
