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
    certificate   = var.platform.route.annotations["alb.ingress.kubernetes.io/certificate-arn"]
    sslPolicy     = var.platform.route.annotations["alb.ingress.kubernetes.io/ssl-policy"]
    securityGroup = var.platform.route.annotations["alb.ingress.kubernetes.io/security-groups"]
    webAcl        = lookup(var.platform.route.annotations, "alb.ingress.kubernetes.io/wafv2-acl-arn", "")
  })]

  lint            = true
  atomic          = true
  upgrade_install = true

  depends_on = [helm_release.load_balancer]
}
