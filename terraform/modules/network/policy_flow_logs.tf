locals {
  flow_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.aws.account }
        ArnLike      = { "aws:SourceArn" = "arn:${var.aws.partition}:ec2:${var.aws.region}:${var.aws.account}:vpc-flow-log/*" }
      }
    }]
  }

  flow_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = ["${local.flow_log_arn}:*"]
      },
      {
        Sid      = "Find" # knows no single group
        Effect   = "Allow"
        Action   = ["logs:DescribeLogGroups"]
        Resource = ["arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account}:log-group:*"]
      },
    ]
  }
}
