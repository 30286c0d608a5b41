# Made of names, which are known in a plan: the policies that take them as inputs can be read there.
output "role_arns" {
  description = "Roles' ARNs: controllers by name, services as service-NAME, ci-build, ci-deploy, view, deploy."
  value = { for key, name in merge(
    { for name, role in aws_iam_role.controller : name => role.name },
    { for name, role in aws_iam_role.service : "service-${name}" => role.name },
    { for name, role in aws_iam_role.ci : "ci-${name}" => role.name },
    { for name, role in aws_iam_role.people : name => role.name },
  ) : key => "arn:${var.aws.partition}:iam::${var.aws.account}:role/${name}" }

  # In a destroy an add-on keeps what its role may do until it is gone.
  depends_on = [aws_iam_role_policy_attachment.controller]
}
