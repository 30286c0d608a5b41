resource "aws_acm_certificate" "this" {
  domain_name               = local.suffix
  subject_alternative_names = ["*.${local.suffix}"]
  validation_method         = "DNS"

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  lifecycle {
    create_before_destroy = true # a load balancer holds the old one until it has the new

    precondition {
      condition     = length(local.uncovered) == 0
      error_message = "names: ${join(", ", local.uncovered)} is not covered by a certificate for ${local.suffix} and *.${local.suffix}: a star stands for one label."
    }
  }
}

locals {
  uncovered = [for host in var.names : host if host != local.suffix && !can(regex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\\.${replace(local.suffix, ".", "\\.")}$", host))]

  # Both names are proven by one and the same record.
  proof = one([for option in aws_acm_certificate.this.domain_validation_options : option if option.domain_name == local.suffix])
}

resource "aws_route53_record" "proof" {
  zone_id         = local.zone_id
  name            = local.proof.resource_record_name
  type            = local.proof.resource_record_type
  records         = [local.proof.resource_record_value]
  ttl             = 300
  allow_overwrite = true # another platform with this name has proven it by the same record
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

check "certificate" {
  assert {
    condition     = timecmp(coalesce(aws_acm_certificate.this.not_after, "2100-01-01T00:00:00Z"), timeadd(plantimestamp(), "720h")) > 0
    error_message = "The certificate of ${local.suffix} ends within 30 days, and ACM has not renewed it: is its record still in the zone?"
  }
}
