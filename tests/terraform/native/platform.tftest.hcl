# A platform's root planned without an account, in each mode. Copied into a root by the test.
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_resource {
  target          = module.edge.aws_acm_certificate.this
  override_during = plan
  values = {
    arn       = "arn:aws:acm:eu-central-1:111122223333:certificate/one"
    not_after = "2099-01-01T00:00:00Z"
    domain_validation_options = [{
      domain_name           = "prod.example.com"
      resource_record_name  = "_one.prod.example.com."
      resource_record_type  = "CNAME"
      resource_record_value = "_two.acm-validations.aws."
    }]
  }
}

run "plans_as_it_stands" {
  command = plan

  assert {
    condition     = output.sizing.nat_gateways == 3 && output.sizing.compute.nodes == 6 && output.sizing.waf_rules == 4
    error_message = "sizing is not known in a plan, or not what terraform.tfvars says"
  }

  assert {
    condition     = output.platform.schema == 1 && output.platform.services.hello.secret == "prod/hello"
    error_message = "the handover is not schema 1"
  }

  assert {
    condition     = length(terraform_data.guard) == 1
    error_message = "a protected platform has no guard"
  }
}

run "refuses_more_services_than_the_parameter_holds" {
  command         = plan
  expect_failures = [aws_ssm_parameter.platform]

  variables {
    services = { a = {}, b = {}, c = {}, d = {}, e = {}, f = {}, g = {}, h = {}, i = {}, j = {}, k = {} }
  }
}

run "refuses_a_route_that_is_none" {
  command         = plan
  expect_failures = [var.edge]

  variables {
    edge = { zone = { name = "prod.example.com", create = true }, route = "nginx" }
  }
}
