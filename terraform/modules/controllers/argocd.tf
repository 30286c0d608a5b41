# Deploys the services from Git, for who wants that (docs/ci-cd.md); off by default.
resource "helm_release" "argocd" {
  count            = var.argocd ? 1 : 0
  name             = "argocd"
  namespace        = "argocd"
  create_namespace = true
  chart            = local.charts["argocd"].chart
  version          = local.charts["argocd"].version
  values           = [templatefile("${path.module}/values/argocd.yaml", {})]

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout

  depends_on = [helm_release.load_balancer]
}
