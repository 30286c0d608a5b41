# Inputs that are each right and do not fit together: every module here must be refused.
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
  aws     = { account = "111122223333", region = "eu-central-1" }
  key     = "arn:aws:kms:eu-central-1:111122223333:key/one"
  admins  = { platform = "arn:aws:iam::111122223333:role/platform" }
  compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2 }
  pins = {
    coredns    = "v1.14.3-eksbuild.16", eks-pod-identity-agent = "v1.3.10-eksbuild.3"
    kube-proxy = "v1.36.0-eksbuild.21", vpc-cni = "v1.22.4-eksbuild.3"
  }
}

module "one_zone" {
  source  = "../../../../terraform/modules/cluster"
  name    = "one-zone"
  aws     = local.aws
  key_arn = local.key
  admins  = local.admins
  compute = local.compute
  addons  = { "1.36" = local.pins }
  network = { subnets = { private = { eu-central-1a = "subnet-1" } } }
}

# Not pinned for its version, and the version leaves support: that is a warning.
module "no_pins" {
  source             = "../../../../terraform/modules/cluster"
  name               = "no-pins"
  aws                = local.aws
  key_arn            = local.key
  admins             = local.admins
  compute            = local.compute
  kubernetes_version = "1.34"
  addons             = { "1.36" = local.pins }
  network = { subnets = {
    private = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" }
  } }
}

module "uncovered" {
  source  = "../../../../terraform/modules/edge"
  name    = "uncovered"
  key_arn = local.key
  vpc     = { id = "vpc-1", cidr = "10.20.0.0/16" }
  zone    = { name = "dev.example.com", id = "Z1" }
  names   = ["hello.dev.example.com", "a.hello.dev.example.com", "hello.example.org"]
}
