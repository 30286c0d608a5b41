locals {
  lifecycle = {
    rules = [
      {
        rulePriority = 1
        description  = "without a tag"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.keep.untagged_days }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "the oldest"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.keep.images }
        action       = { type = "expire" }
      },
    ]
  }

  # A repository's policy names no resource: it is the repository.
  pull = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = [for account in values(var.pullers) : "arn:${var.aws.partition}:iam::${account}:root"] }
      Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  }
}
