# What customers use. `morrow platform plan prod` shows what it makes and costs.
name      = "prod"
protected = true
aws       = { account = "111122223333", region = "eu-west-1" } # yours

network = {
  cidr  = "10.30.0.0/16"
  zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  nat   = "per_zone"
}

cluster = {
  kubernetes_version = "1.36"
  compute            = { mode = "managed_nodes", instance_types = ["m7g.large"], min = 6, max = 12, image = "bottlerocket" }
  admins             = { platform = "arn:aws:iam::111122223333:role/platform" }

  # `aws eks describe-addon-versions --kubernetes-version 1.36` lists them.
  addons = {
    "1.35" = {
      aws-ebs-csi-driver     = "v1.63.1-eksbuild.1"
      coredns                = "v1.13.2-eksbuild.1"
      eks-pod-identity-agent = "v1.3.10-eksbuild.3"
      kube-proxy             = "v1.35.0-eksbuild.2"
      vpc-cni                = "v1.22.3-eksbuild.1"
    }
    "1.36" = {
      aws-ebs-csi-driver     = "v1.63.1-eksbuild.1"
      coredns                = "v1.14.3-eksbuild.16"
      eks-pod-identity-agent = "v1.3.10-eksbuild.3"
      kube-proxy             = "v1.36.0-eksbuild.21"
      vpc-cni                = "v1.22.4-eksbuild.3"
    }
  }
}

edge = {
  zone = { name = "prod.example.com", create = true }
  waf  = {}
}

services = { hello = {} }
access   = { ci = { repository = "example/hello" } } # yours: its workflows push images and deploy
usage = {
  nat_gb           = 300, load_balancer_units = 2, log_gb = 60, image_gb = 50, out_gb = 500, cross_zone_gb = 1000
  million_requests = 50
}
