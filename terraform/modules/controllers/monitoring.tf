resource "helm_release" "monitoring" {
  count            = var.monitoring == null ? 0 : 1
  name             = "kube-prometheus-stack"
  namespace        = "monitoring"
  create_namespace = true
  chart            = local.charts["kube-prometheus-stack"].chart
  version          = local.charts["kube-prometheus-stack"].version
  values           = [templatefile("${path.module}/values/kube-prometheus-stack.yaml", merge(var.monitoring, { class = local.auto ? "auto-ebs" : "gp3" }))]

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout

  depends_on = [helm_release.load_balancer, helm_release.base]
}
