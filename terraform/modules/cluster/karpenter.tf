# What Karpenter needs besides its role: nodes with a role of their own, and the queue in which AWS
# says that an instance will go.
resource "aws_iam_role" "karpenter_node" {
  count = local.karpenter ? 1 : 0

  name               = "${var.name}-karpenter-node"
  assume_role_policy = jsonencode(local.node_trust)
}

resource "aws_iam_role_policy_attachment" "karpenter_node" {
  for_each = local.karpenter ? toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]) : toset([])

  role       = aws_iam_role.karpenter_node[0].name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.key}"
}

# Made here and not by Karpenter, which then needs no right to make any.
resource "aws_iam_instance_profile" "karpenter_node" {
  count = local.karpenter ? 1 : 0

  name = "${var.name}-karpenter-node"
  role = aws_iam_role.karpenter_node[0].name
}

resource "aws_eks_access_entry" "karpenter_node" {
  count = local.karpenter ? 1 : 0

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.karpenter_node[0].arn
  type          = "EC2_LINUX"
}

resource "aws_sqs_queue" "interruption" {
  count = local.karpenter ? 1 : 0

  name                      = local.queue_name
  message_retention_seconds = 300
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "interruption" {
  count = local.karpenter ? 1 : 0

  queue_url = aws_sqs_queue.interruption[0].url
  policy    = jsonencode(local.queue_policy)
}

resource "aws_cloudwatch_event_rule" "interruption" {
  for_each = local.karpenter ? local.interruptions : {}

  name          = "${var.name}-${each.key}"
  description   = "Tells Karpenter of ${var.name}: ${each.value.type}"
  event_pattern = jsonencode({ source = [each.value.source], "detail-type" = [each.value.type] })
}

resource "aws_cloudwatch_event_target" "interruption" {
  for_each = local.karpenter ? local.interruptions : {}

  rule      = aws_cloudwatch_event_rule.interruption[each.key].name
  target_id = "karpenter"
  arn       = aws_sqs_queue.interruption[0].arn
}
