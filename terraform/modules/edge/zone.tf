locals {
  suffix  = coalesce(var.suffix, var.zone.name)
  zone_id = var.zone.create ? one(aws_route53_zone.this[*].zone_id) : var.zone.id
}

resource "aws_route53_zone" "this" {
  count = var.zone.create ? 1 : 0

  name          = var.zone.name
  comment       = "Names of ${var.name}"
  force_destroy = !var.protected # ExternalDNS deletes no record, so some are always left
}
