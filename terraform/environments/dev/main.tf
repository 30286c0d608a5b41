terraform {
  backend "local" {}
}

provider "helm" {
  kubernetes = { config_path = pathexpand(var.kubeconfig), config_context = local.context }
}

module "service" {
  source           = "../../modules/service"
  name             = local.name
  namespace        = local.namespace
  values           = local.values
  image_digest     = var.image_digest
  secrets_revision = var.secrets_revision
  timeout          = var.timeout
}
