# Each entry of `services`, with what follows from its name.
locals {
  suffix = coalesce(var.edge.suffix, var.edge.zone.name)

  services = { for name, service in var.services : name => {
    namespace  = coalesce(service.namespace, name)
    host       = coalesce(service.host, "${name}.${local.suffix}")
    secret     = service.secret ? "${var.name}/${name}" : null
    repository = service.repository ? "${var.name}/${name}" : null
    statements = service.statements
  } }

  secrets      = toset([for service in values(local.services) : service.secret if service.secret != null])
  repositories = toset([for service in values(local.services) : service.repository if service.repository != null])

  # ECR has one rule for a prefix in an account's region, and another platform may have caches too.
  caches = { for prefix, registry in var.registry.caches : "${var.name}/${prefix}" => registry }
}
