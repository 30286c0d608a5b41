# A platform for trying things. `morrow platform plan dev` shows what it makes and costs.
name = "dev"
aws  = { account = "111122223333", region = "eu-west-1" } # yours

network = {
  cidr  = "10.20.0.0/16"
  zones = ["eu-west-1a", "eu-west-1b"]
  nat   = "one"
}

cluster = {
  kubernetes_version = "1.36"
  compute            = { mode = "managed_nodes", instance_types = ["t4g.medium"], min = 2, max = 4 }
  endpoint           = { public = true, cidrs = ["203.0.113.0/24"] } # your network's address
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
  zone = { name = "dev.example.com", create = true }
}

services = { hello = {} }
access   = { ci = { repository = "example/hello" } } # yours: its workflows push images and deploy
days     = { logs = 30, key = 7, secret = 0 }
usage    = { nat_gb = 20, load_balancer_units = 0, log_gb = 5, image_gb = 5, out_gb = 10 }
