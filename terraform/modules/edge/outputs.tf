output "zone_id" {
  description = "The zone that the names are in."
  value       = local.zone_id
}

output "name_servers" {
  description = "What the parent domain must name as this zone's servers; empty for a zone that was there."
  value       = flatten(aws_route53_zone.this[*].name_servers)
}

output "host_suffix" {
  description = "What every name ends with."
  value       = local.suffix
}

output "certificate_arn" {
  description = "The certificate, once it is issued."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "web_acl_arn" {
  description = "The firewall; null without."
  value       = one(aws_wafv2_web_acl.this[*].arn)
}

output "security_group" {
  description = "The load balancer's own group."
  value       = aws_security_group.this.id
}
