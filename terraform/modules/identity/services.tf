resource "aws_iam_role" "service" {
  for_each = local.services

  name               = "${var.name}-service-${each.key}"
  description        = "${each.value.namespace}/${each.value.account} of the cluster ${var.cluster}"
  assume_role_policy = local.trust["service-${each.key}"]
}

resource "aws_iam_role_policy" "service" {
  for_each = { for name, statements in local.policy_service : name => statements if length(statements) > 0 }

  name   = "own"
  role   = aws_iam_role.service[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_eks_pod_identity_association" "service" {
  for_each = var.irsa == null ? local.services : {}

  cluster_name    = var.cluster
  namespace       = each.value.namespace
  service_account = each.value.account
  role_arn        = aws_iam_role.service[each.key].arn
}
