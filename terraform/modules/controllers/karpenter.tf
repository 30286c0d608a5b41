# The kinds first and pinned beside: Helm never upgrades what lies in a chart's crds folder.
resource "helm_release" "karpenter_crd" {
  count            = local.karpenter ? 1 : 0
  name             = "karpenter-crd"
  namespace        = "kube-system"
  create_namespace = false
  chart            = local.charts["karpenter-crd"].chart
  version          = local.charts["karpenter-crd"].version
  values           = [templatefile("${path.module}/values/karpenter-crd.yaml", {})]

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout
}

resource "helm_release" "karpenter" {
  count            = local.karpenter ? 1 : 0
  name             = "karpenter"
  namespace        = "kube-system"
  create_namespace = false
  chart            = local.charts["karpenter"].chart
  version          = local.charts["karpenter"].version
  values           = concat([templatefile("${path.module}/values/karpenter.yaml", { cluster = var.platform.cluster.name, region = var.platform.aws.region, queue = var.platform.compute.karpenter.queue })], local.marks["karpenter"])

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout

  depends_on = [helm_release.karpenter_crd]
}

# Pools are a release of their own. In a destroy they go first, and Karpenter, still there, takes
# their nodes away: the uninstall waits for that.
resource "helm_release" "pools" {
  count = local.karpenter ? 1 : 0

  name      = "karpenter-pools"
  namespace = helm_release.karpenter[0].namespace
  chart     = "${path.module}/charts/pools"
  version   = "1.0.0"
  values = [yamlencode({
    cluster       = var.platform.cluster.name
    profile       = var.platform.compute.karpenter.profile
    subnets       = values(var.platform.vpc.private_subnets)
    securityGroup = var.platform.cluster.security_group
    pools         = var.pools
  })]

  lint            = true
  atomic          = true
  upgrade_install = true
  wait            = true
  timeout         = 1200
}
