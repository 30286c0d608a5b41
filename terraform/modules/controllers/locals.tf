locals {
  auto      = var.platform.compute.mode == "auto_mode"
  karpenter = var.platform.compute.mode == "karpenter"

  # IRSA finds a pod's role by a mark at its account; Pod Identity needs none.
  marks = { for name in keys(local.pinned) : name => [
    for controller, arn in var.platform.roles : yamlencode({ serviceAccount = { annotations = { "eks.amazonaws.com/role-arn" = arn } } }) if controller == name
  ] }
}
