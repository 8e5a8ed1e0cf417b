resource "gabion_organization" "main" {
  units                         = ["dev", "prod", "workloads/test"]
  aws_service_access_principals = ["cloudtrail.amazonaws.com"]
}

output "prod" {
  value = gabion_organization.main.unit_ids["prod"]
}
