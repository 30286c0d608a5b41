locals {
  arm       = can(regex("^[a-z]+[0-9]+g[a-z]*\\.", try(var.compute.instance_types[0], "")))
  ami_types = { al2023 = ["AL2023_x86_64_STANDARD", "AL2023_ARM_64_STANDARD"], bottlerocket = ["BOTTLEROCKET_x86_64", "BOTTLEROCKET_ARM_64"] }
  ami_type  = local.ami_types[var.compute.image][local.arm ? 1 : 0]

  # Bottlerocket has its system on one disk and containers on another.
  data_disk = { al2023 = "/dev/xvda", bottlerocket = "/dev/xvdb" }[var.compute.image]
}

resource "aws_launch_template" "node" {
  count = local.auto ? 0 : 1

  name                   = "${var.name}-node"
  update_default_version = true

  # A pod that is not on the node's own network gets no answer: the hop ends at the node.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = local.data_disk

    ebs {
      volume_type           = "gp3"
      volume_size           = var.compute.disk
      encrypted             = true
      delete_on_termination = true
    }
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-node" }
  }

  tag_specifications {
    resource_type = "volume"
    tags          = { Name = "${var.name}-node" }
  }
}

resource "aws_eks_node_group" "this" {
  count = local.auto ? 0 : 1

  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = local.karpenter ? "system-" : "main-"
  node_role_arn          = aws_iam_role.node[0].arn
  subnet_ids             = values(var.network.subnets.private)
  version                = var.kubernetes_version
  ami_type               = local.ami_type
  instance_types         = var.compute.instance_types

  launch_template {
    id      = aws_launch_template.node[0].id
    version = aws_launch_template.node[0].latest_version
  }

  # Nothing here scales the group. A number that Terraform let go would stay behind a higher min, and
  # EKS refuses that.
  scaling_config {
    desired_size = var.compute.min
    min_size     = var.compute.min
    max_size     = var.compute.max
  }

  update_config {
    max_unavailable_percentage = 33
  }

  node_repair_config {
    enabled = true
  }

  lifecycle {
    # Other types, another image or a further zone mean another group: it is there before this goes.
    create_before_destroy = true
  }

  depends_on = [aws_eks_addon.first, aws_iam_role_policy_attachment.node]
}
