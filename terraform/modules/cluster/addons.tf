# Where its role is given by Pod Identity, the association is there before the add-on's pods: they
# learn of it only when they are made.
resource "aws_eks_pod_identity_association" "addon" {
  for_each = var.irsa || local.auto ? {} : var.addon_roles

  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = local.addon_accounts[each.key]
  role_arn        = each.value
}

# preserve: what Terraform lets go stays in the cluster. On the way to Auto Mode the old nodes' pods
# still need names and a network while they move.
resource "aws_eks_addon" "first" {
  for_each = { for addon, version in local.pinned : addon => version if contains(local.first, addon) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value
  configuration_values        = lookup(local.addon_values, each.key, null)
  service_account_role_arn    = var.irsa ? lookup(var.addon_roles, each.key, null) : null
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  preserve                    = true

  depends_on = [aws_eks_pod_identity_association.addon]
}

resource "aws_eks_addon" "later" {
  for_each = { for addon, version in local.pinned : addon => version if contains(local.later, addon) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value
  service_account_role_arn    = var.irsa ? lookup(var.addon_roles, each.key, null) : null
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  preserve                    = true

  depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.addon]
}
