locals {
  auto        = var.cluster.compute.mode == "auto_mode"
  karpenter   = var.cluster.compute.mode == "karpenter"
  controllers = toset(concat(["external-dns"], length(local.secrets) > 0 ? ["external-secrets"] : [], local.auto ? [] : ["aws-ebs-csi-driver", "load-balancer", "vpc-cni"], local.karpenter ? ["karpenter"] : []))
}

module "cluster_key" {
  source = "../../modules/key"
  name   = "${var.name}/cluster"
  aws    = var.aws
  logs   = true
  window = var.days.key
}

module "secrets_key" {
  source = "../../modules/key"
  name   = "${var.name}/secrets"
  aws    = var.aws
  window = var.days.key
}

module "network" {
  source    = "../../modules/network"
  name      = var.name
  aws       = var.aws
  protected = var.protected
  cidr      = var.network.cidr
  zones     = var.network.zones
  nat       = var.network.nat
  endpoints = var.network.endpoints
  flow_logs = var.network.flow_logs ? { key_arn = module.cluster_key.arn, days = var.days.logs } : null
}

module "cluster" {
  source             = "../../modules/cluster"
  name               = var.name
  aws                = var.aws
  protected          = var.protected
  kubernetes_version = var.cluster.kubernetes_version
  network            = { subnets = module.network.subnets }
  compute            = var.cluster.compute
  endpoint           = var.cluster.endpoint
  addons             = var.cluster.addons
  irsa               = var.cluster.irsa
  caches             = keys(local.caches)
  key_arn            = module.cluster_key.arn
  logs               = { days = var.days.logs }
  admins             = var.cluster.admins
  deployers = { for role in concat(var.access.ci == null ? [] : ["ci-deploy"], length(var.access.people.deploy) == 0 ? [] : ["deploy"]) : role => {
    role_arn   = module.identity.role_arns[role]
    namespaces = distinct(values(local.services)[*].namespace)
  } if length(local.services) > 0 }
  viewers     = { for role in length(var.access.people.view) == 0 ? [] : ["view"] : role => module.identity.role_arns[role] }
  addon_roles = { for addon in local.auto ? [] : ["aws-ebs-csi-driver", "vpc-cni"] : addon => module.identity.role_arns[addon] }
}

module "identity" {
  source      = "../../modules/identity"
  name        = var.name
  aws         = var.aws
  cluster     = module.cluster.name
  controllers = local.controllers
  zone        = { id = module.edge.zone_id, suffix = module.edge.host_suffix }
  secrets     = { names = local.secrets, key_arns = [module.secrets_key.arn] }
  karpenter   = local.karpenter ? { queue = module.cluster.karpenter.queue, node_role = module.cluster.karpenter.profile } : null
  web_acl_arn = module.edge.web_acl_arn
  services    = { for name, service in local.services : name => { namespace = service.namespace, secret = service.secret, statements = service.statements } }
  irsa        = var.cluster.irsa ? { provider_arn = module.cluster.oidc_provider_arn, issuer = module.cluster.oidc_issuer } : null
  people      = var.access.people
  ci          = var.access.ci == null ? null : { repository = var.access.ci.repository, environment = var.access.ci.environment, branch = var.access.ci.branch, repositories = local.repositories }
}

module "edge" {
  source    = "../../modules/edge"
  name      = var.name
  protected = var.protected
  zone      = var.edge.zone
  suffix    = var.edge.suffix
  names     = values(local.services)[*].host
  vpc       = { id = module.network.vpc_id, cidr = module.network.cidr }
  clients   = var.edge.clients
  waf       = var.edge.waf == null ? null : { rate = var.edge.waf.rate, rules = var.edge.waf.rules, days = var.days.logs }
  key_arn   = module.cluster_key.arn
}

module "registry" {
  source       = "../../modules/registry"
  aws          = var.aws
  protected    = var.protected
  repositories = local.repositories
  keep         = var.registry.keep
  pullers      = var.registry.pullers
  caches       = local.caches
}

module "secrets" {
  source    = "../../modules/secrets"
  aws       = var.aws
  protected = var.protected
  names     = local.secrets
  key_arn   = module.secrets_key.arn
  window    = var.days.secret
  readers   = { for name, service in local.services : service.secret => [module.identity.role_arns["external-secrets"], module.identity.role_arns["service-${name}"]] if service.secret != null }
}
