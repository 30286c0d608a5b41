resource "helm_release" "external_secrets" {
  count            = length(var.platform.services) > 0 ? 1 : 0
  name             = "external-secrets"
  namespace        = "external-secrets"
  create_namespace = true
  chart            = local.charts["external-secrets"].chart
  version          = local.charts["external-secrets"].version
  values           = concat([templatefile("${path.module}/values/external-secrets.yaml", {})], local.marks["external-secrets"])

  lint            = true
  atomic          = true
  cleanup_on_fail = true
  wait            = true
  upgrade_install = true
  timeout         = var.timeout

  depends_on = [helm_release.load_balancer]
}

# The store is a release of its own: its kind is known only when the operator is there.
resource "helm_release" "store" {
  count = length(var.platform.services) > 0 ? 1 : 0

  name      = "secret-store"
  namespace = helm_release.external_secrets[0].namespace
  chart     = "${path.module}/charts/store"
  version   = "1.0.0"
  values = [yamlencode({
    name       = var.platform.secrets.store
    region     = var.platform.aws.region
    namespaces = sort(distinct(values(var.platform.services)[*].namespace))
  })]

  lint            = true
  atomic          = true
  upgrade_install = true
}
