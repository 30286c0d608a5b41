# Who may take a pod's role: this cluster, for this ServiceAccount of this namespace.
locals {
  pods = merge(
    { for name, place in local.controllers : name => { namespace = place.namespace, account = place.account } },
    { for name, place in local.services : "service-${name}" => place },
  )

  by_pod_identity = { for name, pod in local.pods : name => {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = {
        StringEquals = {
          "aws:SourceAccount"                         = var.aws.account
          "aws:RequestTag/eks-cluster-name"           = var.cluster
          "aws:RequestTag/kubernetes-namespace"       = pod.namespace
          "aws:RequestTag/kubernetes-service-account" = pod.account
        }
        ArnEquals = { "aws:SourceArn" = local.cluster_arn }
      }
    }]
  } }

  by_token = { for name, pod in local.pods : name => {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = try(var.irsa.provider_arn, "") }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = "system:serviceaccount:${pod.namespace}:${pod.account}"
      } }
    }]
  } }

  trust = { for name in keys(local.pods) : name => var.irsa == null ? jsonencode(local.by_pod_identity[name]) : jsonencode(local.by_token[name]) }
}
