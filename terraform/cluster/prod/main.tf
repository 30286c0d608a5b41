# The same in every root: what runs in the cluster beside the services, by what the platform of this
# folder's name says of itself.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.1.1, < 4"
    }
  }
}

provider "aws" {
  region = var.region
}

provider "helm" {
  kubernetes = { config_path = pathexpand(var.kubeconfig), config_context = coalesce(var.context, local.platform.cluster.context) }
}

data "aws_ssm_parameter" "platform" {
  name = "/morrow/${basename(abspath(path.root))}/platform"
}

locals {
  platform = jsondecode(nonsensitive(data.aws_ssm_parameter.platform.value)) # it holds no secret
}

module "controllers" {
  source     = "../../modules/controllers"
  platform   = local.platform
  charts     = var.charts
  monitoring = var.monitoring
  pools      = var.pools
  argocd     = var.argocd
}
