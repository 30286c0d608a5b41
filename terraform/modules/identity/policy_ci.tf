# Two roles: a branch builds and pushes images, an environment of the code host deploys. Its rule
# of approval then stands before the credentials.
locals {
  token_host = "token.actions.githubusercontent.com"

  subjects = { for on in var.ci == null ? [] : ["ci"] : on => {
    build  = "repo:${var.ci.repository}:ref:refs/heads/${var.ci.branch}"
    deploy = "repo:${var.ci.repository}:environment:${coalesce(var.ci.environment, var.name)}"
  } }

  ci_trust = { for role, subject in lookup(local.subjects, "ci", {}) : role => {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "arn:${var.aws.partition}:iam::${var.aws.account}:oidc-provider/${local.token_host}" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = { "${local.token_host}:aud" = "sts.amazonaws.com", "${local.token_host}:sub" = subject } }
    }]
  } }

  ci_policy = { for role, statements in { build = local.ci_build, deploy = local.find_cluster } : role => { Version = "2012-10-17", Statement = statements } if var.ci != null }

  ci_build = concat(
    [{
      Sid      = "Login" # knows no resource
      Effect   = "Allow"
      Action   = ["ecr:GetAuthorizationToken"]
      Resource = ["*"]
    }],
    [for repositories in length(try(var.ci.repositories, [])) == 0 ? [] : [var.ci.repositories] : { # IAM takes no empty list
      Sid    = "Push"
      Effect = "Allow"
      Action = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
      ]
      Resource = [for repository in repositories : "arn:${var.aws.partition}:ecr:${local.here}:repository/${repository}"]
    }],
  )

  # Who deploys or looks needs AWS only to find the cluster; what they may do in it is EKS's entry.
  find_cluster = [
    {
      Sid      = "Cluster"
      Effect   = "Allow"
      Action   = ["eks:DescribeCluster"]
      Resource = [local.cluster_arn]
    },
    {
      Sid      = "WhatThePlatformIs"
      Effect   = "Allow"
      Action   = ["ssm:GetParameter"]
      Resource = ["arn:${var.aws.partition}:ssm:${local.here}:parameter/morrow/${var.name}/platform"]
    },
  ]
}
