# It may make and change records of this zone that are or end with the platform's name, and can
# delete none: it runs with --policy=upsert-only.
locals {
  policy_external_dns = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["route53:ChangeResourceRecordSets"]
        Resource = ["arn:${var.aws.partition}:route53:::hostedzone/${try(var.zone.id, "")}"]
        Condition = {
          "ForAllValues:StringLike" = {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [try(var.zone.suffix, ""), "*.${try(var.zone.suffix, "")}"]
          }
          "ForAllValues:StringEquals" = {
            "route53:ChangeResourceRecordSetsActions"     = ["CREATE", "UPSERT"]
            "route53:ChangeResourceRecordSetsRecordTypes" = ["A", "AAAA", "TXT"]
          }
          # ForAllValues is true of a request that has no such key at all.
          Null = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = "false" }
        }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["route53:ListResourceRecordSets"]
        Resource = ["arn:${var.aws.partition}:route53:::hostedzone/${try(var.zone.id, "")}"]
      },
      {
        Sid      = "Find" # knows no resource
        Effect   = "Allow"
        Action   = ["route53:ListHostedZones"]
        Resource = ["*"]
      },
    ]
  }
}
