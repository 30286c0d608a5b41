# Made before the cluster: EKS would make one of its own, without an end and without the key.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = var.logs.days
  kms_key_id        = var.key_arn
}

resource "aws_eks_cluster" "this" {
  name                          = var.name
  version                       = var.kubernetes_version
  role_arn                      = aws_iam_role.cluster.arn
  enabled_cluster_log_types     = var.logs.types
  bootstrap_self_managed_addons = false

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  vpc_config {
    subnet_ids              = values(var.network.subnets.private) # Auto Mode starts its nodes in them too
    endpoint_private_access = true
    endpoint_public_access  = var.endpoint.public
    public_access_cidrs     = var.endpoint.public ? var.endpoint.cidrs : null
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"

    elastic_load_balancing {
      enabled = local.auto
    }
  }

  # Auto Mode's three switches are always written: the provider refuses a block that goes away.
  compute_config {
    enabled       = local.auto
    node_pools    = local.auto ? ["general-purpose", "system"] : null
    node_role_arn = one(aws_iam_role.auto_node[*].arn)
  }

  storage_config {
    block_storage {
      enabled = local.auto
    }
  }

  # Lets AWS, or you, move the traffic out of a zone that fails.
  zonal_shift_config {
    enabled = true
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.key_arn
    }
  }

  upgrade_policy {
    support_type = "STANDARD" # beyond its end EKS upgrades by itself instead of charging six times as much
  }

  lifecycle {
    # The first two are read only when a cluster is made; a later difference would replace it. EKS
    # takes no subnet in a zone that the cluster was not made with, so a further zone is the nodes' alone.
    ignore_changes = [
      access_config[0].bootstrap_cluster_creator_admin_permissions,
      bootstrap_self_managed_addons,
      vpc_config[0].subnet_ids,
    ]

    precondition {
      condition     = length(local.zones) >= 2
      error_message = "cluster ${var.name}: subnets in ${length(local.zones)} zone(s). EKS needs two: give zones to the network."
    }

    precondition {
      condition     = local.auto || length(setsubtract(concat(local.first, ["coredns"]), keys(local.pinned))) == 0
      error_message = "addons: ${join(", ", setsubtract(concat(local.first, ["coredns"]), keys(local.pinned)))} not pinned for ${var.kubernetes_version}. See `aws eks describe-addon-versions --kubernetes-version ${var.kubernetes_version}`."
    }
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.auto_node, aws_iam_role_policy_attachment.cluster]
}

check "supported" {
  assert {
    condition = (local.standard_support[var.kubernetes_version] == null ||
    timecmp(coalesce(local.standard_support[var.kubernetes_version], "2100-01-01T00:00:00Z"), timeadd(plantimestamp(), "1440h")) > 0)
    error_message = "Kubernetes ${var.kubernetes_version} leaves EKS's standard support on ${substr(coalesce(local.standard_support[var.kubernetes_version], "2100-01-01"), 0, 10)}: see docs/aws-upgrade.md."
  }
}
