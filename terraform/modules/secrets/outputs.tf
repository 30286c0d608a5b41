output "arns" {
  description = "The secrets' ARNs by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "store" {
  description = "What an environment's file says in secrets.external: the store that terraform/cluster makes."
  value       = { name = "aws-secrets-manager", kind = "ClusterSecretStore" }
}
