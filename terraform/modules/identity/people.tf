locals {
  people = { for role, arns in { view = var.people.view, deploy = var.people.deploy } : role => arns if length(arns) > 0 }

  people_trust = { for role, arns in local.people : role => {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = arns }
      Action    = "sts:AssumeRole"
    }]
  } }
}

resource "aws_iam_role" "people" {
  for_each = local.people

  name                 = "${var.name}-${each.key}"
  assume_role_policy   = jsonencode(local.people_trust[each.key])
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "people" {
  for_each = local.people

  name   = "find-cluster"
  role   = aws_iam_role.people[each.key].name
  policy = jsonencode({ Version = "2012-10-17", Statement = local.find_cluster })
}
