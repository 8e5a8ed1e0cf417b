variable "environments" {
  description = "Names of the environments. Each gets a unit of its own, right below the root."
  type        = set(string)

  validation {
    condition     = length(var.environments) > 0 && alltrue([for name in var.environments : can(regex("^[a-z][a-z0-9-]{0,30}$", name))])
    error_message = "An environment is named by 1 to 31 lower-case letters, digits and hyphens, and begins with a letter; there is at least one."
  }
}

variable "regions" {
  description = "Regions that the accounts may use; every one gets the baseline."
  type        = list(string)

  validation {
    condition     = length(var.regions) > 0 && alltrue([for name in var.regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", name))])
    error_message = "A region is written as `eu-central-1`; there is at least one."
  }
}

variable "aws_service_access_principals" {
  description = "Services with trusted access to the organization. CloudTrail is needed for the organization's trail."
  type        = set(string)
  default     = ["cloudtrail.amazonaws.com"]

  validation {
    condition     = contains(var.aws_service_access_principals, "cloudtrail.amazonaws.com")
    error_message = "The organization's trail needs `cloudtrail.amazonaws.com`."
  }
}

variable "adopt_control_tower" {
  description = "Whether an organization that AWS Control Tower manages is adopted. It is then never changed: its units must be there."
  type        = bool
  default     = false
  nullable    = false
}

variable "acknowledge_removals" {
  description = "What others set up in an organization that is there, and may go, as the plan names it."
  type        = set(string)
  default     = null
}

variable "guardrail_name" {
  description = "Name of the service control policy."
  type        = string
  default     = "landing-zone"

  validation {
    condition     = can(regex("^.{1,128}$", var.guardrail_name))
    error_message = "The name has 1 to 128 characters."
  }
}

variable "vending_role_name" {
  description = "Name of the role by which the provider works in the accounts: the provider's `vending_role_name`."
  type        = string
  default     = "OrganizationAccountAccessRole"

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.vending_role_name))
    error_message = "A role's name, without a path."
  }
}

variable "break_glass_roles" {
  description = "ARNs of roles that must be able to administer whatever happens; `*` is allowed for the account. They are checked, not exempted."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.break_glass_roles : can(regex("^arn:aws:iam::([0-9]{12}|\\*):role/.+$", arn))])
    error_message = "Each is the ARN of a role: `arn:aws:iam::*:role/break-glass`."
  }
}

variable "deletion_protection" {
  description = "Whether destroying the guardrail is refused. Turning it off is an apply of its own."
  type        = bool
  default     = true
  nullable    = false
}
