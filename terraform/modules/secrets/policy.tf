# A secret's policy in which the resource "*" means this secret. It only takes away: readers' own
# policies must allow as well.
locals {
  policies = { for name, arns in var.readers : name => {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "NobodyElse"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = ["secretsmanager:GetSecretValue"] # BatchGetSecretValue asks for this of each
      Resource  = "*"
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = sort(arns) } }
    }]
  } }
}
