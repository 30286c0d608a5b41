# Every module with the longest inputs that its rules take: what AWS would refuse of them shows here.
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
  region                      = "us-gov-west-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  default_tags {
    tags = { "morrow:platform" = local.name }
  }
}

locals {
  name    = "platform-of-the-longest-name-there-is0"
  service = "service-of-38-le" # with the name and -service- the 64 characters of a role
  aws     = { account = "111122223333", region = "us-gov-west-1", partition = "aws-us-gov" }
  key     = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
  role    = "arn:aws-us-gov:iam::111122223333:role"
  suffix  = "a23456789.b23456789.c23456789.d23456789.e23456789.f2.example.com"
  zones   = ["us-gov-west-1a", "us-gov-west-1b", "us-gov-west-1c"]
  subnets = { for index, zone in local.zones : zone => "subnet-0123456789abcdef${index}" }
  addons = { "1.36" = {
    aws-ebs-csi-driver     = "v1.63.1-eksbuild.1", coredns = "v1.14.3-eksbuild.16"
    eks-pod-identity-agent = "v1.3.10-eksbuild.3", kube-proxy = "v1.36.0-eksbuild.21", vpc-cni = "v1.22.4-eksbuild.3"
  } }
}

module "key" {
  source = "../../../../terraform/modules/key"
  name   = "${local.name}/purpose-of-21-letters"
  aws    = local.aws
  logs   = true
}

module "network" {
  source    = "../../../../terraform/modules/network"
  name      = local.name
  aws       = local.aws
  protected = true
  cidr      = "10.20.0.0/20"
  zones     = local.zones
  nat       = "per_zone"
  flow_logs = { key_arn = local.key }
  endpoints = [
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms",
    "logs", "monitoring", "secretsmanager", "sqs", "ssm", "sts",
  ]
}

module "cluster" {
  source      = "../../../../terraform/modules/cluster"
  name        = local.name
  aws         = local.aws
  key_arn     = local.key
  network     = { subnets = { private = local.subnets } }
  compute     = { mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 450, image = "bottlerocket", disk = 16384 }
  endpoint    = { public = true, cidrs = [for number in range(40) : "203.0.${number}.0/24"] }
  caches      = [for number in range(3) : "prefix-of-thirty-characters-00${number}"]
  admins      = { platform = "${local.role}/aws-reserved/sso.amazonaws.com/platform" }
  viewers     = { view = "${local.role}/view" }
  deployers   = { deploy = { role_arn = "${local.role}/deploy", namespaces = ["namespace-of-63-characters-${join("", range(23))}"] } }
  addons      = local.addons
  addon_roles = { vpc-cni = "${local.role}/cni", aws-ebs-csi-driver = "${local.role}/disks" }
}

module "auto" {
  source  = "../../../../terraform/modules/cluster"
  name    = local.name
  aws     = local.aws
  key_arn = local.key
  network = { subnets = { private = local.subnets } }
  compute = { mode = "auto_mode" }
  admins  = { platform = "${local.role}/platform" }
  addons  = {}
  irsa    = true
}

module "identity" {
  source      = "../../../../terraform/modules/identity"
  name        = local.name
  aws         = local.aws
  cluster     = local.name
  controllers = ["aws-ebs-csi-driver", "external-dns", "external-secrets", "karpenter", "load-balancer", "vpc-cni"]
  zone        = { id = "Z01234567890123456789012345678901", suffix = local.suffix }
  secrets     = { names = [for letter in split("", "abcdefghij") : "${local.name}/${letter}${local.service}"], key_arns = [local.key] }
  karpenter   = { queue = "${local.name}-karpenter", node_role = "${local.name}-karpenter-node" }
  web_acl_arn = "arn:aws-us-gov:wafv2:us-gov-west-1:111122223333:regional/webacl/${local.name}/01234567-89ab-cdef-0123-456789abcdef"
  ci          = { repository = "example/hello", repositories = [for letter in split("", "abcdefghij") : "${local.name}/${letter}${local.service}"] }
  people      = { view = ["${local.role}/developers"], deploy = [for number in range(20) : "${local.role}/aws-reserved/sso.amazonaws.com/on-call-${number}"] }
  services = { (local.service) = {
    secret = "${local.name}/${local.service}", statements = [{ actions = ["s3:GetObject"], resources = [for number in range(120) : "arn:aws-us-gov:s3:::pictures-that-this-service-shows/${number}/*"] }]
  } }
}

# And one with the least: IAM takes no statement about nothing.
module "least" {
  source  = "../../../../terraform/modules/identity"
  name    = "a"
  aws     = local.aws
  cluster = "a"
  ci      = { repository = "example/hello" }
}

module "edge" {
  source  = "../../../../terraform/modules/edge"
  name    = local.name
  zone    = { name = "example.com", create = true }
  suffix  = local.suffix
  vpc     = { id = "vpc-01234567890abcdef", cidr = "10.20.0.0/20" }
  clients = { for number in range(30) : "A branch office of sixty characters at most in its name ${number}" => "203.0.${number}.0/24" }
  waf     = { rate = 2000000000 }
  key_arn = local.key
}

module "secrets" {
  source  = "../../../../terraform/modules/secrets"
  aws     = local.aws
  names   = ["${local.name}/${local.service}"]
  key_arn = local.key
  readers = { "${local.name}/${local.service}" = ["${local.role}/${local.name}-service-${local.service}", "${local.role}/${local.name}-external-secrets"] }
}

module "registry" {
  source       = "../../../../terraform/modules/registry"
  aws          = local.aws
  repositories = ["${local.name}/${local.service}"]
  pullers      = { prod = "444455556666" }
  caches       = { prefix-of-thirty-characters-00 = "quay.io" }
}

module "bootstrap" {
  source = "../../../../terraform/platform/bootstrap"
  bucket = "a23456789b123456789c123456789d123456789e123456789f123456789-63s"
  aws    = local.aws
  states = [for number in range(8) : "platform/${local.name}${number}.tfstate"]
}
