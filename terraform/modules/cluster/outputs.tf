output "name" {
  description = "The cluster's name."
  value       = aws_eks_cluster.this.name
}

output "arn" {
  description = "The cluster's ARN."
  value       = aws_eks_cluster.this.arn
}

output "endpoint" {
  description = "The API server's address."
  value       = aws_eks_cluster.this.endpoint
}

output "ca" {
  description = "The certificate of the API server's authority, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "oidc_issuer" {
  description = "Who signs the pods' tokens."
  value       = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

output "oidc_provider_arn" {
  description = "The issuer in IAM; null without irsa."
  value       = one(aws_iam_openid_connect_provider.this[*].arn)
}

output "security_group" {
  description = "EKS's own group: the control plane's and every node's. There is no other."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "node_role" {
  description = "The role of the node group or of Auto Mode's nodes."
  value       = one(concat(aws_iam_role.node[*].name, aws_iam_role.auto_node[*].name))
}

output "karpenter" {
  description = "What Karpenter's release is told; null in another mode."
  value       = local.karpenter ? { profile = aws_iam_instance_profile.karpenter_node[0].name, queue = aws_sqs_queue.interruption[0].name } : null
}
