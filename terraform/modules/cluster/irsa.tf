# AWS knows the issuer's certificate by itself: no thumbprint.
resource "aws_iam_openid_connect_provider" "this" {
  count = var.irsa ? 1 : 0

  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}
