locals {
  auto      = var.platform.compute.mode == "auto_mode"
  karpenter = var.platform.compute.mode == "karpenter"
}
