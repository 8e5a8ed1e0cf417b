variable "units" {
  type        = set(string)
  description = "Ids of the units that the guardrail is for, or of the root."
  default     = []
}

# Every account below: stays in the organization, keeps its trails and detectors, has no working root user.
resource "gabion_org_guardrail" "baseline" {
  name    = "baseline"
  targets = var.units

  deny_leaving_organization = true
  deny_disabling_trails     = true
  deny_disabling_detectors  = true
  deny_root                 = true

  exempt_principals = ["arn:aws:iam::*:role/OrganizationAccountAccessRole"]
  break_glass_roles = ["arn:aws:iam::*:role/break-glass"]
}
