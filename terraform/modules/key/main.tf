resource "aws_kms_key" "this" {
  description             = "Morrow: ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.window
  policy                  = jsonencode(local.policy)
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
