# First: its webhook answers for others' objects as soon as it is there, so it must be ready before
# they come. Auto Mode has its own.
resource "helm_release" "load_balancer" {
  count            = local.auto ? 0 : 1
  name             = "aws-load-balancer-controller"
  namespace        = "kube-system"
  create_namespace = false
  chart            = local.charts["load-balancer"].chart
  version          = local.charts["load-balancer"].version
  values           = concat([templatefile("${path.module}/values/load-balancer.yaml", { cluster = var.platform.cluster.name, region = var.platform.aws.region, vpc = var.platform.vpc.id })], local.marks["load-balancer"])

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout
}
