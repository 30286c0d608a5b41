# A failing input for every rule of variables.tf, and passing neighbours as controls.

mock_provider "aws" {}

variables {
  name    = "dev"
  aws     = { account = "111122223333", region = "eu-central-1" }
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/one"
  admins  = { platform = "arn:aws:iam::111122223333:role/platform" }
  addons  = { "1.36" = { aws-ebs-csi-driver = "v1.63.1-eksbuild.1", coredns = "v1.14.3-eksbuild.16", eks-pod-identity-agent = "v1.3.10-eksbuild.3", kube-proxy = "v1.36.0-eksbuild.21", vpc-cni = "v1.22.4-eksbuild.3" } }
  compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2 }
  network = { subnets = { private = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2" } } }
}

run "accepts_the_least" {
  command = plan
}

run "accepts_a_name_of_38_characters" {
  command = plan

  variables {
    name = "a2345678901234567890123456789012345678"
  }
}

run "accepts_auto_mode" {
  command = plan

  variables {
    compute   = { mode = "auto_mode" }
    addons    = {}
    protected = true
  }
}

run "accepts_karpenter_on_two_nodes" {
  command = plan

  variables {
    compute = { mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 2 }
  }
}

run "accepts_bottlerocket_on_x86" {
  command = plan

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7i.large", "m7a.large"], min = 1, max = 2, image = "bottlerocket" }
  }
}

run "accepts_a_public_endpoint" {
  command = plan

  variables {
    endpoint = { public = true, cidrs = ["203.0.113.0/24"] }
  }
}

run "refuses_a_name_of_39_characters" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "a23456789012345678901234567890123456789"
  }
}

run "refuses_a_name_with_a_capital" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Dev"
  }
}

run "refuses_a_name_that_ends_with_a_dash" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "dev-"
  }
}

run "refuses_an_account_that_is_none" {
  command         = plan
  expect_failures = [var.aws]

  variables {
    aws = { account = "1111", region = "eu-central-1" }
  }
}

run "refuses_a_version_that_left_support" {
  command         = plan
  expect_failures = [var.kubernetes_version]

  variables {
    kubernetes_version = "1.33"
  }
}

run "refuses_a_version_that_karpenter_does_not_know" {
  command         = plan
  expect_failures = [var.kubernetes_version]

  variables {
    kubernetes_version = "1.37"
    compute            = { mode = "karpenter", instance_types = ["m7g.large"], min = 2, max = 2 }
  }
}

run "refuses_a_patch_version" {
  command         = plan
  expect_failures = [var.kubernetes_version]

  variables {
    kubernetes_version = "1.36.1"
  }
}

run "refuses_an_unknown_mode" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "fargate", instance_types = ["m7g.large"], min = 1, max = 2 }
  }
}

run "refuses_auto_mode_with_a_node_group" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "auto_mode", instance_types = ["m7g.large"], min = 1, max = 2 }
  }
}

run "refuses_auto_mode_with_a_least_number" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "auto_mode", min = 2 }
  }
}

run "refuses_a_group_without_types" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { min = 1, max = 2 }
  }
}

run "refuses_arm_and_x86_in_one_group" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large", "m7i.large"], min = 1, max = 2 }
  }
}

run "refuses_a_type_that_is_none" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g"], min = 1, max = 2 }
  }
}

run "refuses_no_node" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 0, max = 2 }
  }
}

run "refuses_more_nodes_at_least_than_at_most" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 3, max = 2 }
  }
}

run "refuses_half_a_node" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1.5, max = 2 }
  }
}

run "refuses_karpenter_on_one_node" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "karpenter", instance_types = ["m7g.large"], min = 1, max = 2 }
  }
}

run "refuses_one_node_in_a_protected_platform" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute   = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2 }
    protected = true
  }
}

run "refuses_an_unknown_image" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2, image = "al2" }
  }
}

run "refuses_a_disk_too_small" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 1, max = 2, disk = 10 }
  }
}

run "refuses_a_public_endpoint_for_nobody_named" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true }
  }
}

run "refuses_networks_for_a_private_endpoint" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { cidrs = ["203.0.113.0/24"] }
  }
}

run "refuses_the_whole_internet" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["0.0.0.0/0"] }
  }
}

run "refuses_a_network_that_is_none" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["office"] }
  }
}

run "refuses_nobody_as_admin" {
  command         = plan
  expect_failures = [var.admins]

  variables {
    admins = {}
  }
}

run "refuses_the_root_as_admin" {
  command         = plan
  expect_failures = [var.admins]

  variables {
    admins = { root = "arn:aws:iam::111122223333:root" }
  }
}

run "refuses_a_session_as_admin" {
  command         = plan
  expect_failures = [var.admins]

  variables {
    admins = { me = "arn:aws:sts::111122223333:assumed-role/platform/me" }
  }
}

run "refuses_a_user_as_admin" {
  command         = plan
  expect_failures = [var.admins]

  variables {
    admins = { me = "arn:aws:iam::111122223333:user/me" }
  }
}

run "refuses_a_deployer_without_a_namespace" {
  command         = plan
  expect_failures = [var.deployers]

  variables {
    deployers = { ci = { role_arn = "arn:aws:iam::111122223333:role/ci", namespaces = [] } }
  }
}

run "refuses_a_namespace_that_cannot_be" {
  command         = plan
  expect_failures = [var.deployers]

  variables {
    deployers = { ci = { role_arn = "arn:aws:iam::111122223333:role/ci", namespaces = ["*"] } }
  }
}

run "refuses_a_deployer_that_is_admin_too" {
  command         = plan
  expect_failures = [var.deployers]

  variables {
    deployers = { ci = { role_arn = "arn:aws:iam::111122223333:role/platform", namespaces = ["hello"] } }
  }
}

run "refuses_a_viewer_that_is_admin_too" {
  command         = plan
  expect_failures = [var.viewers]

  variables {
    viewers = { me = "arn:aws:iam::111122223333:role/platform" }
  }
}

run "refuses_a_viewer_that_is_deployer_too" {
  command         = plan
  expect_failures = [var.viewers]

  variables {
    viewers   = { me = "arn:aws:iam::111122223333:role/ci" }
    deployers = { ci = { role_arn = "arn:aws:iam::111122223333:role/ci", namespaces = ["hello"] } }
  }
}

run "refuses_an_unknown_log" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { types = ["kubelet"] }
  }
}

run "refuses_a_time_that_cloudwatch_does_not_know" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { days = 100 }
  }
}

run "refuses_a_version_that_moves" {
  command         = plan
  expect_failures = [var.addons]

  variables {
    addons = { "1.36" = { coredns = "latest" } }
  }
}

run "refuses_an_addon_that_is_a_release" {
  command         = plan
  expect_failures = [var.addons]

  variables {
    addons = { "1.36" = { metrics-server = "v0.8.0-eksbuild.1" } }
  }
}

run "refuses_a_role_for_an_addon_without_one" {
  command         = plan
  expect_failures = [var.addon_roles]

  variables {
    addon_roles = { coredns = "arn:aws:iam::111122223333:role/dns" }
  }
}

run "refuses_a_private_network_for_the_public_endpoint" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["10.1.0.0/16"] }
  }
}

run "refuses_a_network_written_by_another_address" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["203.0.113.5/24"] }
  }
}

run "refuses_a_network_of_ipv6" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["2001:db8::/32"] }
  }
}

run "refuses_a_network_twice" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = ["203.0.113.0/24", "203.0.113.0/24"] }
  }
}

run "refuses_41_networks" {
  command         = plan
  expect_failures = [var.endpoint]

  variables {
    endpoint = { public = true, cidrs = [for number in range(41) : "203.0.113.${number}/32"] }
  }
}

run "accepts_40_networks" {
  command = plan

  variables {
    endpoint = { public = true, cidrs = [for number in range(40) : "203.0.113.${number}/32"] }
  }
}

run "refuses_an_admin_twice" {
  command         = plan
  expect_failures = [var.admins]

  variables {
    admins = { one = "arn:aws:iam::111122223333:role/platform", two = "arn:aws:iam::111122223333:role/platform" }
  }
}

run "refuses_a_deployer_twice" {
  command         = plan
  expect_failures = [var.deployers]

  variables {
    deployers = { one = { role_arn = "arn:aws:iam::111122223333:role/ci", namespaces = ["a"] }, two = { role_arn = "arn:aws:iam::111122223333:role/ci", namespaces = ["b"] } }
  }
}

run "refuses_a_viewer_twice" {
  command         = plan
  expect_failures = [var.viewers]

  variables {
    viewers = { one = "arn:aws:iam::111122223333:role/look", two = "arn:aws:iam::111122223333:role/look" }
  }
}

run "refuses_half_a_gigabyte" {
  command         = plan
  expect_failures = [var.compute]

  variables {
    compute = { instance_types = ["m7g.large"], min = 1, max = 2, disk = 20.5 }
  }
}
