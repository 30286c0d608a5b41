module "key" {
  source = "../../modules/key"
  name   = "bootstrap/states"
  aws    = var.aws
}

# AWS knows GitHub's certificate by itself: no thumbprint.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}
