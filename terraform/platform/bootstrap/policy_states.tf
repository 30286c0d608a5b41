# For whoever plans and applies. A state is never deleted; the lock beside it is.
locals {
  states_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Find"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = [local.bucket_arn]
        Condition = { StringEquals = { "s3:prefix" = sort(concat(["env:/"], flatten([for key in var.states : [key, "${key}.tflock"]]))) } }
      },
      {
        Sid      = "State"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = [for key in var.states : "${local.bucket_arn}/${key}"]
      },
      {
        Sid      = "Lock"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [for key in var.states : "${local.bucket_arn}/${key}.tflock"]
      },
      {
        Sid       = "Key"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = ["arn:${var.aws.partition}:kms:${var.aws.region}:${var.aws.account}:key/*"]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.aws.region}.amazonaws.com" }, "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/bootstrap/states" } }
      },
    ]
  }
}

resource "aws_iam_policy" "states" {
  count = length(var.states) > 0 ? 1 : 0

  name        = "${var.bucket}-states"
  description = "Reads and writes Terraform's states"
  policy      = jsonencode(local.states_policy)
}
