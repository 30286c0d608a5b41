locals {
  here        = "${var.aws.region}:${var.aws.account}"
  cluster_arn = "arn:${var.aws.partition}:eks:${local.here}:cluster/${var.cluster}"
  secret_arn  = "arn:${var.aws.partition}:secretsmanager:${local.here}:secret"
  issuer      = trimprefix(try(var.irsa.issuer, ""), "https://")

  # Who runs where. A controller whose policy is AWS's own has its name in `managed`.
  known = {
    aws-ebs-csi-driver = { namespace = "kube-system", account = "ebs-csi-controller-sa", managed = "service-role/AmazonEBSCSIDriverPolicy" }
    external-dns       = { namespace = "external-dns", account = "external-dns", managed = null }
    external-secrets   = { namespace = "external-secrets", account = "external-secrets", managed = null }
    karpenter          = { namespace = "kube-system", account = "karpenter", managed = null }
    load-balancer      = { namespace = "kube-system", account = "aws-load-balancer-controller", managed = null }
    vpc-cni            = { namespace = "kube-system", account = "aws-node", managed = "AmazonEKS_CNI_Policy" }
  }

  # What Kubernetes and terraform/cluster have for themselves: a service there would want their accounts,
  # or they would break its rules.
  taken = concat(distinct(values(local.known)[*].namespace), ["argocd", "gateway", "kube-node-lease", "kube-public", "monitoring"])

  controllers = { for name, place in local.known : name => place if contains(var.controllers, name) }
  own = { for name, policy in {
    external-dns     = local.policy_external_dns
    external-secrets = local.policy_external_secrets
    karpenter        = local.policy_karpenter
    load-balancer    = local.policy_load_balancer
  } : name => policy if contains(var.controllers, name) }

  services = { for name, service in var.services : name => {
    namespace = coalesce(service.namespace, name)
    account   = coalesce(service.service_account, name)
  } }

  # The cluster module makes the add-ons' associations, before their pods.
  addons = ["aws-ebs-csi-driver", "vpc-cni"]
}
