locals {
  bucket_arn = "arn:${var.aws.partition}:s3:::${var.bucket}"

  bucket_policy = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }
}
