resource "gabion_organization" "this" {
  units                         = var.environments
  aws_service_access_principals = var.aws_service_access_principals
  adopt_control_tower           = var.adopt_control_tower
  acknowledge_removals          = var.acknowledge_removals
}

# What no account of these units may do. The vending role is exempt: it builds in the accounts.
resource "gabion_org_guardrail" "this" {
  name        = var.guardrail_name
  description = "What no account of the environments may do."
  targets     = [for environment in var.environments : gabion_organization.this.unit_ids[environment]]

  deny_leaving_organization = true
  deny_disabling_trails     = true
  deny_disabling_detectors  = true
  deny_root                 = true
  require_encryption        = true
  allowed_regions           = var.regions

  exempt_principals   = ["arn:aws:iam::*:role/${var.vending_role_name}"]
  break_glass_roles   = var.break_glass_roles
  deletion_protection = var.deletion_protection
}
