# The key's own policy. In it the resource "*" means this key and no other.
locals {
  # Lets IAM policies of the account decide, as every key needs: without it nobody could ever change
  # the key again. Named one by one, so that a new kind of action is not allowed by itself.
  by_iam = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias",
    "kms:DescribeKey", "kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey",
    "kms:EnableKeyRotation", "kms:Encrypt", "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant", "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
  ]

  policy = {
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "TheAccountsPolicies"
      Effect    = "Allow"
      Principal = { AWS = "arn:${var.aws.partition}:iam::${var.aws.account}:root" }
      Action    = local.by_iam
      Resource  = "*"
      }], [for on in [var.logs] : {
      Sid       = "TheAccountsLogGroups"
      Effect    = "Allow"
      Principal = { Service = "logs.${var.aws.region}.amazonaws.com" }
      Action = [
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom", "kms:ReEncryptTo",
      ]
      Resource = "*"
      Condition = { ArnLike = {
        "kms:EncryptionContext:aws:logs:arn" = "arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account}:log-group:*"
      } }
    } if on])
  }
}
