# A node that pulls an image for the first time through ECR's cache makes ECR keep it: a right that
# AWS's own policy for nodes does not have.
locals {
  images_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Keep"
      Effect   = "Allow"
      Action   = ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
      Resource = [for prefix in sort(tolist(var.caches)) : "arn:${var.aws.partition}:ecr:${var.aws.region}:${var.aws.account}:repository/${prefix}/*"]
    }]
  }

  node_roles = {
    managed   = aws_iam_role.node[*].name
    auto      = aws_iam_role.auto_node[*].name
    karpenter = aws_iam_role.karpenter_node[*].name
  }
}

resource "aws_iam_role_policy" "images" {
  for_each = { for kind, names in local.node_roles : kind => names[0] if length(var.caches) > 0 && length(names) > 0 }

  name   = "images"
  role   = each.value
  policy = jsonencode(local.images_policy)
}
