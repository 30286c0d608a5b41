# Karpenter: it makes instances that carry this cluster's tag and ends only those. Its nodes'
# instance profile is made by the module cluster, so it needs no right to make one.
locals {
  any_ec2   = "arn:${var.aws.partition}:ec2:${var.aws.region}:*" # images and snapshots have other owners
  owned     = "kubernetes.io/cluster/${var.cluster}"
  node_role = "arn:${var.aws.partition}:iam::${var.aws.account}:role/${try(var.karpenter.node_role, "")}"

  policy_karpenter = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "StartFromWhatIsThere"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource = [
          "${local.any_ec2}:capacity-reservation/*", "${local.any_ec2}:image/*", "${local.any_ec2}:placement-group/*",
          "${local.any_ec2}:security-group/*", "${local.any_ec2}:snapshot/*", "${local.any_ec2}:subnet/*",
        ]
      },
      {
        Sid      = "StartFromItsTemplates"
        Effect   = "Allow"
        Action   = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource = ["${local.any_ec2}:launch-template/*"]
        Condition = {
          StringEquals = { "aws:ResourceTag/${local.owned}" = "owned" }
          StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid    = "MakeWhatCarriesTheTag"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
        Resource = [
          "${local.any_ec2}:fleet/*", "${local.any_ec2}:instance/*", "${local.any_ec2}:launch-template/*",
          "${local.any_ec2}:network-interface/*", "${local.any_ec2}:spot-instances-request/*", "${local.any_ec2}:volume/*",
        ]
        Condition = {
          StringEquals = { "aws:RequestTag/${local.owned}" = "owned", "aws:RequestTag/eks:eks-cluster-name" = var.cluster }
          StringLike   = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid    = "TagWhatItMakes"
        Effect = "Allow"
        Action = ["ec2:CreateTags"]
        Resource = [
          "${local.any_ec2}:fleet/*", "${local.any_ec2}:instance/*", "${local.any_ec2}:launch-template/*",
          "${local.any_ec2}:network-interface/*", "${local.any_ec2}:spot-instances-request/*", "${local.any_ec2}:volume/*",
        ]
        Condition = {
          StringEquals = {
            "aws:RequestTag/${local.owned}"       = "owned"
            "aws:RequestTag/eks:eks-cluster-name" = var.cluster
            "ec2:CreateAction"                    = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
          }
          StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid      = "NameItsInstances"
        Effect   = "Allow"
        Action   = ["ec2:CreateTags"]
        Resource = ["${local.any_ec2}:instance/*"]
        Condition = {
          StringEquals                = { "aws:ResourceTag/${local.owned}" = "owned" }
          StringLike                  = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
          StringEqualsIfExists        = { "aws:RequestTag/eks:eks-cluster-name" = var.cluster }
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] }
        }
      },
      {
        Sid      = "EndItsOwn"
        Effect   = "Allow"
        Action   = ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
        Resource = ["${local.any_ec2}:instance/*", "${local.any_ec2}:launch-template/*"]
        Condition = {
          StringEquals = { "aws:ResourceTag/${local.owned}" = "owned" }
          StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid    = "Look" # descriptions know no resource
        Effect = "Allow"
        Action = [
          "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus",
          "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates",
          "ec2:DescribePlacementGroups", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory",
          "ec2:DescribeSubnets",
        ]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = var.aws.region } }
      },
      {
        Sid      = "Prices" # AWS keeps them in a few regions, and which of them Karpenter asks is its own affair
        Effect   = "Allow"
        Action   = ["pricing:GetProducts"]
        Resource = ["*"]
      },
      {
        Sid      = "Images"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = ["arn:${var.aws.partition}:ssm:${var.aws.region}::parameter/aws/service/*"]
      },
      {
        Sid      = "WhatWillGo"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        Resource = ["arn:${var.aws.partition}:sqs:${local.here}:${try(var.karpenter.queue, "")}"]
      },
      {
        Sid       = "GiveNodesTheirRole"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = [local.node_role]
        Condition = { StringEquals = { "iam:PassedToService" = ["ec2.amazonaws.com"] } }
      },
      {
        Sid      = "ItsProfile"
        Effect   = "Allow"
        Action   = ["iam:GetInstanceProfile"]
        Resource = ["arn:${var.aws.partition}:iam::${var.aws.account}:instance-profile/${try(var.karpenter.node_role, "")}"]
      },
      {
        Sid      = "ItsProfiles" # it looks for those that it made in earlier days; here it makes none
        Effect   = "Allow"
        Action   = ["iam:ListInstanceProfiles"]
        Resource = ["arn:${var.aws.partition}:iam::${var.aws.account}:instance-profile/*"] # names alone
      },
      {
        Sid      = "WhereTheApiIs"
        Effect   = "Allow"
        Action   = ["eks:DescribeCluster"]
        Resource = [local.cluster_arn]
      },
    ]
  }
}
