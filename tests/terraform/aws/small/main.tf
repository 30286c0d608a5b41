# As much of a platform as a test of two minutes can make: network, cluster, one service.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region              = local.aws.region
  allowed_account_ids = [local.aws.account]
}

variable "kubernetes_version" {
  type     = string
  default  = "1.35"
  nullable = false
}

locals {
  aws = { account = "123456789012", region = "eu-west-1" }
}

module "key" {
  source = "../../modules/key"
  name   = "small/all"
  aws    = local.aws
  logs   = true
  window = 7
}

module "network" {
  source    = "../../modules/network"
  name      = "small"
  aws       = local.aws
  cidr      = "10.20.0.0/16"
  zones     = ["eu-west-1a", "eu-west-1b"]
  nat       = "none"
  endpoints = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]
}

module "cluster" {
  source             = "../../modules/cluster"
  name               = "small"
  aws                = local.aws
  kubernetes_version = var.kubernetes_version
  network            = { subnets = module.network.subnets }
  compute            = { mode = "auto_mode" }
  admins             = { platform = "arn:aws:iam::123456789012:role/platform" }
  addons             = {}
  key_arn            = module.key.arn
}

module "identity" {
  source   = "../../modules/identity"
  name     = "small"
  aws      = local.aws
  cluster  = module.cluster.name
  secrets  = { names = ["small/hello"], key_arns = [module.key.arn] }
  services = { hello = { secret = "small/hello" } }
}

module "registry" {
  source       = "../../modules/registry"
  aws          = local.aws
  repositories = ["small/hello"]
}

module "secrets" {
  source  = "../../modules/secrets"
  aws     = local.aws
  names   = ["small/hello"]
  key_arn = module.key.arn
  readers = { "small/hello" = [module.identity.role_arns["service-hello"]] }
  window  = 0
}
