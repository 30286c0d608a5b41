# What others are told: `morrow platform write` makes environments/NAME.platform.yaml of it, and
# terraform/cluster/NAME reads it from the parameter.
locals {
  handover = {
    schema  = 1
    name    = var.name
    aws     = { account = var.aws.account, region = var.aws.region, partition = var.aws.partition }
    vpc     = { id = module.network.vpc_id, private_subnets = module.network.subnets.private }
    compute = { mode = var.cluster.compute.mode, karpenter = module.cluster.karpenter }

    cluster = {
      name           = module.cluster.name
      version        = var.cluster.kubernetes_version
      context        = module.cluster.arn # as `aws eks update-kubeconfig` names it
      server         = module.cluster.endpoint
      security_group = module.cluster.security_group
    }

    dns = { zone_id = module.edge.zone_id, suffix = module.edge.host_suffix }

    route = {
      mode          = var.edge.route
      class_name    = "alb"
      gateway       = { name = "public", namespace = "gateway" }
      annotations   = local.annotations
      ingress_cidrs = module.network.public_cidrs # requests come from the load balancer's subnets
    }

    secrets = {
      provider   = "external"
      store      = module.secrets.store.name
      store_kind = module.secrets.store.kind
    }

    # IRSA finds a pod's role by a mark at its account. Pod Identity needs none, and add-ons have theirs.
    roles = var.cluster.irsa ? { for name in setsubtract(local.controllers, ["aws-ebs-csi-driver", "vpc-cni"]) : name => module.identity.role_arns[name] } : {}

    services = { for name, service in local.services : name => {
      namespace  = service.namespace
      host       = service.host
      role_arn   = var.cluster.irsa ? module.identity.role_arns["service-${name}"] : null
      secret     = service.secret
      repository = service.repository == null ? null : module.registry.urls[service.repository]
    } }
  }

  # Of an Ingress. terraform/cluster reads them for the LoadBalancerConfiguration of a Gateway.
  annotations = { for key, value in {
    "alb.ingress.kubernetes.io/certificate-arn"                     = module.edge.certificate_arn
    "alb.ingress.kubernetes.io/healthcheck-path"                    = "/healthz"
    "alb.ingress.kubernetes.io/listen-ports"                        = jsonencode([{ HTTP = 80 }, { HTTPS = 443 }])
    "alb.ingress.kubernetes.io/load-balancer-attributes"            = "idle_timeout.timeout_seconds=60,routing.http.drop_invalid_header_fields.enabled=true"
    "alb.ingress.kubernetes.io/manage-backend-security-group-rules" = "true"
    "alb.ingress.kubernetes.io/scheme"                              = "internet-facing"
    "alb.ingress.kubernetes.io/security-groups"                     = module.edge.security_group
    "alb.ingress.kubernetes.io/ssl-policy"                          = "ELBSecurityPolicy-TLS13-1-2-2021-06" # the controller's own still speaks TLS 1.0
    "alb.ingress.kubernetes.io/ssl-redirect"                        = "443"
    "alb.ingress.kubernetes.io/target-group-attributes"             = "deregistration_delay.timeout_seconds=30"
    "alb.ingress.kubernetes.io/target-type"                         = "ip"
    "alb.ingress.kubernetes.io/wafv2-acl-arn"                       = module.edge.web_acl_arn
  } : key => value if value != null }
}

resource "aws_ssm_parameter" "platform" {
  name        = "/morrow/${var.name}/platform"
  description = "What this platform is, for who deploys to it; no secret"
  type        = "String"
  tier        = "Intelligent-Tiering" # the dear kind, up to 8 KB, only where 4 KB are not enough
  value       = jsonencode(local.handover)
}
