resource "aws_ecr_repository" "this" {
  for_each = var.repositories

  name                 = each.key
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protected

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = var.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy     = jsonencode(local.lifecycle)
}

resource "aws_ecr_repository_policy" "this" {
  for_each = length(var.pullers) == 0 ? [] : var.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy     = jsonencode(local.pull)
}

resource "aws_ecr_pull_through_cache_rule" "this" {
  for_each = var.caches

  ecr_repository_prefix = each.key
  upstream_registry_url = each.value
}
