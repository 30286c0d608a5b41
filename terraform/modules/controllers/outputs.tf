output "versions" {
  description = "What runs, by release."
  value       = { for name, chart in local.charts : name => chart.version }
}
