# What a plan refuses when inputs that are each right do not fit together.
mock_provider "aws" {}

variables {
  name    = "dev"
  aws     = { account = "111122223333", region = "eu-central-1" }
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  admins  = { platform = "arn:aws:iam::111122223333:role/platform" }
  compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2 }
  addons = { "1.36" = {
    coredns    = "v1.14.3-eksbuild.16", eks-pod-identity-agent = "v1.3.10-eksbuild.3"
    kube-proxy = "v1.36.0-eksbuild.21", vpc-cni = "v1.22.4-eksbuild.3"
  } }
  network = { subnets = {
    private = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" }
  } }
}

run "accepts_two_zones_and_pinned_addons" {
  command = plan
}

run "refuses_subnets_in_one_zone" {
  command         = plan
  expect_failures = [aws_eks_cluster.this]

  variables {
    network = { subnets = { private = { eu-central-1a = "subnet-1" } } }
  }
}

run "refuses_a_version_without_pins" {
  command         = plan
  expect_failures = [aws_eks_cluster.this]

  variables {
    kubernetes_version = "1.37"
  }
}

run "warns_of_a_version_that_leaves_support" {
  command         = plan
  expect_failures = [check.supported]

  variables {
    kubernetes_version = "1.34"
    addons = { "1.34" = {
      coredns    = "v1.14.3-eksbuild.16", eks-pod-identity-agent = "v1.3.10-eksbuild.3"
      kube-proxy = "v1.34.0-eksbuild.4", vpc-cni = "v1.22.4-eksbuild.3"
    } }
  }
}
