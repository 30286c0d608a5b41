locals {
  readable = [for name in sort(tolist(var.secrets.names)) : "${local.secret_arn}:${name}-??????"]

  policy_external_secrets = {
    Version = "2012-10-17"
    Statement = concat([{
      Sid      = "TheServicesSecrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
      Resource = local.readable
      }], [for keys in length(var.secrets.key_arns) == 0 ? [] : [var.secrets.key_arns] : {
      Sid       = "TheirKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = keys
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.aws.region}.amazonaws.com" } }
    }])
  }
}
