output "chart" {
  description = "What was deployed: a hash over the chart's files, or its address and version."
  value       = local.chart_identity
}

output "revision" {
  description = "The release's revision in Helm's history."
  value       = helm_release.this.metadata.revision
}

output "status" {
  description = "The release's state in Helm's words."
  value       = helm_release.this.status
}

output "description" {
  description = "What Helm's history calls this chart with these values."
  value       = helm_release.this.description
}
