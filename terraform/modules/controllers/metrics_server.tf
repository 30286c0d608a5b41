resource "helm_release" "metrics_server" {
  name             = "metrics-server"
  namespace        = "kube-system"
  create_namespace = false
  chart            = local.charts["metrics-server"].chart
  version          = local.charts["metrics-server"].version
  values           = [templatefile("${path.module}/values/metrics-server.yaml", {})]

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout
}
