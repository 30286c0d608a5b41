locals {
  queue_name = "${var.name}-karpenter"
  queue_arn  = "arn:${var.aws.partition}:sqs:${var.aws.region}:${var.aws.account}:${local.queue_name}"

  interruptions = {
    capacity  = { source = "aws.ec2", type = "EC2 Capacity Reservation Instance Interruption Warning" }
    health    = { source = "aws.health", type = "AWS Health Event" }
    spot      = { source = "aws.ec2", type = "EC2 Spot Instance Interruption Warning" }
    rebalance = { source = "aws.ec2", type = "EC2 Instance Rebalance Recommendation" }
    state     = { source = "aws.ec2", type = "EC2 Instance State-change Notification" }
  }

  queue_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.aws.account }
          ArnEquals = { "aws:SourceArn" = [
            for name in sort(keys(local.interruptions)) : "arn:${var.aws.partition}:events:${var.aws.region}:${var.aws.account}:rule/${var.name}-${name}"
          ] }
        }
      },
      {
        Sid       = "OnlyEncrypted"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }
}
