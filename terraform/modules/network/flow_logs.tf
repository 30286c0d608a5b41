resource "aws_cloudwatch_log_group" "flow" {
  count = var.flow_logs == null ? 0 : 1

  name              = local.flow_log_group
  retention_in_days = var.flow_logs.days
  kms_key_id        = var.flow_logs.key_arn
}

resource "aws_iam_role" "flow" {
  count = var.flow_logs == null ? 0 : 1

  name               = "${var.name}-flow-logs"
  assume_role_policy = jsonencode(local.flow_trust)
}

resource "aws_iam_role_policy" "flow" {
  count = var.flow_logs == null ? 0 : 1

  name   = "write"
  role   = aws_iam_role.flow[0].name
  policy = jsonencode(local.flow_policy)
}

resource "aws_flow_log" "this" {
  count = var.flow_logs == null ? 0 : 1

  vpc_id          = aws_vpc.this.id
  traffic_type    = "ALL"
  iam_role_arn    = aws_iam_role.flow[0].arn
  log_destination = aws_cloudwatch_log_group.flow[0].arn
  tags            = { Name = var.name }
  depends_on      = [aws_iam_role_policy.flow]
}
