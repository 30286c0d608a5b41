output "platform" {
  description = "What this platform is (schema 1)."
  value       = local.handover
}

output "name_servers" {
  description = "A new zone's servers: what the parent domain must name."
  value       = module.edge.name_servers
}

output "role_arns" {
  description = "The roles, for a workflow's or a person's login."
  value       = module.identity.role_arns
}

output "nat_ips" {
  description = "Where calls to the outside come from, by zone."
  value       = module.network.nat_ips
}

# Of inputs alone, so that a plan knows all of it before anything is made.
output "sizing" {
  description = "What the price is reckoned from (schema 1)."
  value = {
    schema             = 1
    region             = var.aws.region
    kubernetes_version = var.cluster.kubernetes_version
    compute = {
      mode          = var.cluster.compute.mode
      instance_type = try(var.cluster.compute.instance_types[0], null)
      nodes         = var.cluster.compute.min
      disk_gb       = var.cluster.compute.disk
    }
    zones        = length(var.network.zones)
    nat_gateways = lookup({ none = 0, one = 1, per_zone = length(var.network.zones) }, var.network.nat, 0) # the module refuses another
    endpoints    = length(var.network.endpoints)
    keys         = 2
    secrets      = length(local.secrets)
    hosted_zones = var.edge.zone.create ? 1 : 0
    waf_rules    = var.edge.waf == null ? null : 1 + length(var.edge.waf.rules)
    usage        = var.usage
  }
}
