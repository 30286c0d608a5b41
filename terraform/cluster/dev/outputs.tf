output "versions" {
  description = "What runs, by release."
  value       = module.controllers.versions
}
