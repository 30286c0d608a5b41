resource "aws_iam_role" "cluster" {
  name               = "${var.name}-cluster"
  assume_role_policy = jsonencode(local.cluster_trust)
}

resource "aws_iam_role_policy_attachment" "cluster" {
  for_each = toset(concat(["AmazonEKSClusterPolicy"], local.auto ? [
    "AmazonEKSBlockStoragePolicy", "AmazonEKSComputePolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy",
  ] : []))

  role       = aws_iam_role.cluster.name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.key}"
}

# EKS itself makes the access entries of both roles, of different types: neither may take the other's
# place, and nobody else may use them.
resource "aws_iam_role" "node" {
  count = local.auto ? 0 : 1

  name               = "${var.name}-node"
  assume_role_policy = jsonencode(local.node_trust)
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = local.auto ? toset([]) : toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])

  role       = aws_iam_role.node[0].name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.key}"
}

resource "aws_iam_role" "auto_node" {
  count = local.auto ? 1 : 0

  name               = "${var.name}-auto-node"
  assume_role_policy = jsonencode(local.node_trust)
}

resource "aws_iam_role_policy_attachment" "auto_node" {
  for_each = local.auto ? toset(["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"]) : toset([])

  role       = aws_iam_role.auto_node[0].name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.key}"
}
