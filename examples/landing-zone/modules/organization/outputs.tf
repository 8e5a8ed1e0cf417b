output "id" {
  description = "Id of the organization (`o-...`)."
  value       = gabion_organization.this.id
}

output "unit_ids" {
  description = "Ids of the units, by environment."
  value       = gabion_organization.this.unit_ids
}

output "environments" {
  description = "Names of the environments."
  value       = var.environments
}

output "regions" {
  description = "The regions that the accounts may use."
  value       = var.regions
}

output "guardrail_id" {
  description = "Id of the service control policy (`p-...`)."
  value       = gabion_org_guardrail.this.id
}
