# Every document that the modules can make, with ARNs given, so that a plan shows all of them.
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
  region                      = "eu-central-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

locals {
  aws  = { account = "111122223333", region = "eu-central-1" }
  key  = "arn:aws:kms:eu-central-1:111122223333:key/one"
  role = "arn:aws:iam::111122223333:role"
}

module "key" {
  source = "../../../../terraform/modules/key"
  name   = "dev/cluster"
  aws    = local.aws
  logs   = true
}

module "network" {
  source    = "../../../../terraform/modules/network"
  name      = "dev"
  aws       = local.aws
  cidr      = "10.20.0.0/16"
  zones     = ["eu-central-1a", "eu-central-1b"]
  flow_logs = { key_arn = local.key }
}

module "cluster" {
  source  = "../../../../terraform/modules/cluster"
  name    = "dev"
  aws     = local.aws
  key_arn = local.key
  network = { subnets = {
    private = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" }
  } }
  compute = { mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 2 }
  caches  = ["dev/quay"]
  admins  = { platform = "${local.role}/platform" }
  addons = { "1.36" = {
    coredns    = "v1.14.3-eksbuild.16", eks-pod-identity-agent = "v1.3.10-eksbuild.3"
    kube-proxy = "v1.36.0-eksbuild.21", vpc-cni = "v1.22.4-eksbuild.3"
  } }
}

module "auto" {
  source  = "../../../../terraform/modules/cluster"
  name    = "auto"
  aws     = local.aws
  key_arn = local.key
  network = { subnets = { private = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" } } }
  compute = { mode = "auto_mode" }
  admins  = { platform = "${local.role}/platform" }
  addons  = {}
}

module "identity" {
  source      = "../../../../terraform/modules/identity"
  name        = "dev"
  aws         = local.aws
  cluster     = "dev"
  controllers = ["aws-ebs-csi-driver", "external-dns", "external-secrets", "karpenter", "load-balancer", "vpc-cni"]
  zone        = { id = "Z1", suffix = "dev.example.com" }
  secrets     = { names = ["dev/hello", "dev/orders"], key_arns = [local.key] }
  karpenter   = { queue = "dev-karpenter", node_role = "dev-karpenter-node" }
  web_acl_arn = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/dev/one"
  ci          = { repository = "example@123456/hello@456789", repositories = ["dev/hello"] }
  people      = { view = ["${local.role}/developers"], deploy = ["${local.role}/on-call"] }
  services = {
    hello  = { secret = "dev/hello", statements = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::example-pictures/*"] }] }
    orders = { namespace = "shop" }
  }
}

module "irsa" {
  source      = "../../../../terraform/modules/identity"
  name        = "old"
  aws         = local.aws
  cluster     = "old"
  controllers = ["vpc-cni"]
  services    = { hello = {} }
  irsa = {
    provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ONE"
    issuer       = "https://oidc.eks.eu-central-1.amazonaws.com/id/ONE"
  }
}

module "secrets" {
  source  = "../../../../terraform/modules/secrets"
  aws     = local.aws
  names   = ["dev/hello"]
  key_arn = local.key
  readers = { "dev/hello" = ["${local.role}/dev-service-hello", "${local.role}/dev-external-secrets"] }
}

module "registry" {
  source       = "../../../../terraform/modules/registry"
  aws          = local.aws
  repositories = ["dev/hello"]
  pullers      = { prod = "444455556666" }
  caches       = { "dev/quay" = "quay.io" }
}

module "bootstrap" {
  source = "../../../../terraform/platform/bootstrap"
  bucket = "example-terraform-state"
  aws    = local.aws
  states = ["platform/dev.tfstate"]
}
