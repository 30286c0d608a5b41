terraform {
  backend "s3" {
    bucket       = "example-terraform-state" # yours; without one see docs/terraform.md
    key          = "hello/prod.tfstate"
    region       = "eu-west-1"
    use_lockfile = true
  }
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
