locals {
  # Until when EKS supports a minor at the usual price; null: not announced when this was written.
  standard_support = {
    "1.34" = "2026-12-02T00:00:00Z"
    "1.35" = "2027-03-27T00:00:00Z"
    "1.36" = null
    "1.37" = null
  }

  # The newest that the Karpenter knows which modules/controllers/charts.tf pins; of a newer one it
  # starts no nodes.
  karpenter_until = "1.36"

  auto      = var.compute.mode == "auto_mode"
  karpenter = var.compute.mode == "karpenter"
  arn       = "arn:${var.aws.partition}:eks:${var.aws.region}:${var.aws.account}:cluster/${var.name}"
  zones     = keys(var.network.subnets.private)

  # Nodes need the first ones to become ready; the later ones need nodes.
  first = ["eks-pod-identity-agent", "kube-proxy", "vpc-cni"]
  later = ["aws-ebs-csi-driver", "coredns"]

  addon_accounts = { vpc-cni = "aws-node", aws-ebs-csi-driver = "ebs-csi-controller-sa" }
  addon_values   = { vpc-cni = jsonencode({ enableNetworkPolicy = "true" }) }

  # Auto Mode brings all of them itself.
  pinned = local.auto ? {} : lookup(var.addons, var.kubernetes_version, {})
}
