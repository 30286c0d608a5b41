resource "aws_iam_role" "controller" {
  for_each = local.controllers

  name               = "${var.name}-${each.key}"
  description        = "${each.value.namespace}/${each.value.account} of the cluster ${var.cluster}"
  assume_role_policy = local.trust[each.key]
}

resource "aws_iam_role_policy" "controller" {
  for_each = local.own

  name   = each.key
  role   = aws_iam_role.controller[each.key].name
  policy = jsonencode(each.value)
}

resource "aws_iam_role_policy_attachment" "controller" {
  for_each = { for name, place in local.controllers : name => place if place.managed != null }

  role       = aws_iam_role.controller[each.key].name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.value.managed}"
}

resource "aws_eks_pod_identity_association" "controller" {
  for_each = { for name, place in local.controllers : name => place if var.irsa == null && !contains(local.addons, name) }

  cluster_name    = var.cluster
  namespace       = each.value.namespace
  service_account = each.value.account
  role_arn        = aws_iam_role.controller[each.key].arn
}
