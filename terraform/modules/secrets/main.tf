# Names and who may read. `morrow secrets` and people write the values; none is in a plan or state.
resource "aws_secretsmanager_secret" "this" {
  for_each = var.names

  name                    = each.key
  description             = "The variables of ${each.key}, written by morrow secrets"
  kms_key_id              = var.key_arn
  recovery_window_in_days = var.window
}

resource "aws_secretsmanager_secret_policy" "this" {
  for_each = var.readers

  secret_arn          = aws_secretsmanager_secret.this[each.key].arn
  policy              = jsonencode(local.policies[each.key])
  block_public_policy = true
}
