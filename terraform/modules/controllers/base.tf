# What no chart of others brings: a class of disks that are encrypted, the class of load balancers in
# Auto Mode, and what a deployer may do beyond EKS's own policy.
resource "helm_release" "base" {
  name      = "morrow-base"
  namespace = "kube-system"
  chart     = "${path.module}/charts/base"
  version   = "1.0.0"
  values = [yamlencode({
    autoMode   = local.auto
    namespaces = sort(distinct(values(var.platform.services)[*].namespace))
  })]

  lint            = true
  atomic          = true
  upgrade_install = true
}

locals {
  # What an Ingress of the platform says of its load balancer, a Gateway's says too.
  alb = { for key, value in var.platform.route.annotations : trimprefix(key, "alb.ingress.kubernetes.io/") => value }
  attributes = { for of in ["load-balancer", "target-group"] : of => [
    for pair in split(",", lookup(local.alb, "${of}-attributes", "")) : zipmap(["key", "value"], regex("^([^=]*)=(.*)$", pair)) if pair != ""
  ] }
}

# The load balancer of the platform as a Gateway; services' routes name it.
resource "helm_release" "gateway" {
  count = var.platform.route.mode == "gateway" ? 1 : 0

  name             = var.platform.route.gateway.name
  namespace        = var.platform.route.gateway.namespace
  create_namespace = true
  chart            = "${path.module}/charts/gateway"
  version          = "1.0.0"
  values = [yamlencode({
    name          = var.platform.route.gateway.name
    controller    = local.auto ? "eks.amazonaws.com/gateway-alb" : "gateway.k8s.aws/alb"
    suffix        = var.platform.dns.suffix
    certificate   = local.alb["certificate-arn"]
    sslPolicy     = local.alb["ssl-policy"]
    securityGroup = local.alb["security-groups"]
    webAcl        = lookup(local.alb, "wafv2-acl-arn", "")
    scheme        = local.alb["scheme"]
    targetType    = local.alb["target-type"]
    health        = local.alb["healthcheck-path"]
    attributes    = local.attributes["load-balancer"]
    targets       = local.attributes["target-group"]
  })]

  lint            = true
  atomic          = true
  upgrade_install = true

  depends_on = [helm_release.load_balancer]
}
