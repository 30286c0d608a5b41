resource "aws_iam_role" "ci" {
  for_each = local.ci_trust

  name               = "${var.name}-ci-${each.key}"
  assume_role_policy = jsonencode(each.value)
}

resource "aws_iam_role_policy" "ci" {
  for_each = local.ci_policy

  name   = each.key
  role   = aws_iam_role.ci[each.key].name
  policy = jsonencode(each.value)
}
