# In a protected platform: a plan that replaces one of these, or destroys all, is refused. Terraform
# lets a switch neither set nor clear this, so a wanted end begins with
#   terraform state rm 'terraform_data.guard[0]'
resource "terraform_data" "guard" {
  count = var.protected ? 1 : 0

  triggers_replace = {
    cluster = module.cluster.arn
    vpc     = module.network.vpc_id
    keys    = [module.cluster_key.arn, module.secrets_key.arn]
    zone    = module.edge.zone_id
  }

  lifecycle {
    prevent_destroy = true
  }
}

# The module network asks for what a node needs to join. What runs on the nodes then calls these too.
locals {
  called = concat(local.auto ? [] : ["elasticloadbalancing"], local.karpenter ? ["sqs", "ssm"] : [], length(local.secrets) > 0 ? ["secretsmanager"] : [])
}

check "way_out" {
  assert {
    condition     = var.network.nat != "none" || length(setsubtract(local.called, var.network.endpoints)) == 0
    error_message = "network.endpoints: without NAT, what runs in the cluster reaches ${join(", ", setsubtract(local.called, var.network.endpoints))} by no endpoint."
  }
}
