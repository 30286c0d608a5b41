# A service reads the secret that is its own, and does what its entry says. Nothing else.
locals {
  policy_service = { for name, service in var.services : name => concat(
    [for secret in service.secret == null ? [] : [service.secret] : {
      Sid      = "OwnSecret"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
      Resource = ["${local.secret_arn}:${secret}-??????"]
    }],
    [for key in service.secret == null || length(var.secrets.key_arns) == 0 ? [] : ["key"] : {
      Sid      = "ItsKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = var.secrets.key_arns
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.aws.region}.amazonaws.com" },
      StringLike = { "kms:EncryptionContext:SecretARN" = "${local.secret_arn}:${service.secret}-??????" } }
    }],
    [for index, statement in service.statements : {
      Sid      = "Own${index}"
      Effect   = "Allow"
      Action   = statement.actions
      Resource = statement.resources
    }],
  ) }
}
