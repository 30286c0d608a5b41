resource "helm_release" "external_dns" {
  name             = "external-dns"
  namespace        = "external-dns"
  create_namespace = true
  chart            = local.charts["external-dns"].chart
  version          = local.charts["external-dns"].version
  values = concat([templatefile("${path.module}/values/external-dns.yaml", {
    owner   = var.platform.cluster.name, zone = var.platform.dns.zone_id, suffix = var.platform.dns.suffix, region = var.platform.aws.region
    sources = var.platform.route.mode == "gateway" ? ["gateway-httproute"] : ["ingress"]
  })], local.marks["external-dns"])

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout

  # Without a Gateway's kinds it would not come up, and be waited for until the timeout.
  depends_on = [helm_release.load_balancer, helm_release.gateway]
}
