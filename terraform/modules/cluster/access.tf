locals {
  policy = "arn:${var.aws.partition}:eks::aws:cluster-access-policy"
}

resource "aws_eks_access_entry" "admin" {
  for_each = var.admins

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value
}

resource "aws_eks_access_policy_association" "admin" {
  for_each = var.admins

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.admin[each.key].principal_arn
  policy_arn    = "${local.policy}/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

# EKS's policy knows nothing of routes and monitors: the group gets those from terraform/cluster.
resource "aws_eks_access_entry" "deployer" {
  for_each = var.deployers

  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = each.value.role_arn
  kubernetes_groups = ["morrow:deployers"]
}

resource "aws_eks_access_policy_association" "deployer" {
  for_each = var.deployers

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.deployer[each.key].principal_arn
  policy_arn    = "${local.policy}/AmazonEKSEditPolicy"

  access_scope {
    type       = "namespace"
    namespaces = each.value.namespaces
  }
}

resource "aws_eks_access_entry" "viewer" {
  for_each = var.viewers

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value
}

resource "aws_eks_access_policy_association" "viewer" {
  for_each = var.viewers

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.viewer[each.key].principal_arn
  policy_arn    = "${local.policy}/AmazonEKSViewPolicy"

  access_scope {
    type = "cluster"
  }
}
