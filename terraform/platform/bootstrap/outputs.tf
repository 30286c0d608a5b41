output "bucket" {
  description = "The bucket, for the platforms' backend.tf."
  value       = aws_s3_bucket.states.id
}

output "states_policy_arn" {
  description = "The policy to attach to the CI's role that plans and applies; null without states."
  value       = one(aws_iam_policy.states[*].arn)
}
