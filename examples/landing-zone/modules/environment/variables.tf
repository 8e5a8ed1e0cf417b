variable "environment" {
  description = "Name of the environment: one of the module `organization`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.environment))
    error_message = "An environment is named by 1 to 31 lower-case letters, digits and hyphens, and begins with a letter."
  }

  validation {
    condition     = contains(keys(var.organization.unit_ids), var.environment)
    error_message = "The organization has no unit for this environment: add it to `environments` of the module `organization`."
  }
}

variable "account_id" {
  description = "An account of the organization that is there, to adopt it as it is. Unset: one is made."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "account_name" {
  description = "Name of the account that is made. Of an adopted one it may be left out."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[ -~]{1,50}$", var.account_name)) || var.account_name == null && var.account_id != null
    error_message = "An account's name has 1 to 50 plain characters."
  }
}

variable "email" {
  description = "E-mail address of the root user of the account that is made: one that no other AWS account has."
  type        = string
  default     = null

  validation {
    condition     = try(can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.email)) && length(var.email) <= 64, false) || var.email == null && var.account_id != null
    error_message = "An e-mail address of at most 64 characters."
  }
}

variable "organization" {
  description = "The module `organization`: its id, its units by environment, and the regions that accounts may use."
  type = object({
    id       = string
    unit_ids = map(string)
    regions  = list(string)
  })

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization.id)) && length(var.organization.regions) > 0
    error_message = "The id of an organization begins with `o-`, and there is at least one region."
  }
}

variable "security_contact" {
  description = "Whom AWS writes to about security."
  type = object({
    name          = string
    title         = string
    email_address = string
    phone_number  = string
  })

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.security_contact.email_address)) && alltrue([for text in values(var.security_contact) : text != ""])
    error_message = "Every field says something, and the address is an e-mail address."
  }
}

variable "region" {
  description = "Region of segments and keys. Unset: the provider's. It must be one that the accounts may use."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || contains(var.organization.regions, coalesce(var.region, "-"))
    error_message = "The region is none of those that the accounts may use."
  }
}

variable "segments" {
  description = "Networks, by the tier of the data in them. Confidential and regulated data get a key of their own."
  type = map(object({
    cidr_block                 = string
    egress                     = optional(string, "none")
    egress_allowed_cidrs       = optional(set(string))
    egress_allowed_domains     = optional(set(string))
    inspection_rule_group_arns = optional(list(string))
    ingress                    = optional(string, "none")
    interface_endpoints        = optional(set(string), [])
    connects_to                = optional(set(string))
    allowed_environments       = optional(set(string))
  }))

  validation {
    condition     = alltrue([for tier in keys(var.segments) : contains(["public", "internal", "confidential", "regulated"], tier)])
    error_message = "A tier is `public`, `internal`, `confidential` or `regulated`."
  }

  validation {
    condition     = alltrue([for segment in var.segments : can(cidrhost(segment.cidr_block, 0))])
    error_message = "A range is written as `10.20.0.0/16`."
  }

  validation {
    condition     = alltrue([for segment in var.segments : contains(["none", "aws_only", "allowlist", "inspected", "open"], segment.egress)])
    error_message = "Egress is `none`, `aws_only`, `allowlist`, `inspected` or `open`."
  }

  validation {
    condition     = alltrue([for segment in var.segments : (segment.egress == "allowlist") == (length(setunion(coalesce(segment.egress_allowed_cidrs, []), coalesce(segment.egress_allowed_domains, []))) > 0)])
    error_message = "Egress `allowlist`, and no other, has `egress_allowed_cidrs` or `egress_allowed_domains`."
  }

  validation {
    condition     = alltrue([for segment in var.segments : contains(["none", "internet"], segment.ingress)])
    error_message = "Ingress is `none` or `internet`."
  }

  validation {
    condition = alltrue([
      for tier, segment in var.segments : segment.egress != "open" && segment.ingress == "none" if contains(["confidential", "regulated"], tier)
    ])
    error_message = "Confidential and regulated data has no open egress, and no ingress from the internet."
  }
}

variable "roles" {
  description = "Roles for people, by name: the permission set of Identity Center that assumes each, and what it may do."
  type = map(object({
    permission_set       = string
    managed_policy_arns  = optional(set(string), ["arn:aws:iam::aws:policy/ReadOnlyAccess"])
    permissions_boundary = optional(string, "arn:aws:iam::aws:policy/PowerUserAccess")
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.roles) : can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", name))])
    error_message = "A role's name has 1 to 64 letters, digits and `_+=,.@-`."
  }
}

variable "key_users" {
  description = "Who uses the key of a tier: ARNs of roles and users, by tier. A tier that is not named: whom IAM policies of the account permit."
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for tier, users in var.key_users : contains(["confidential", "regulated"], tier) && contains(keys(var.segments), tier) && length(users) > 0])
    error_message = "The tier is one of `segments` that has a key, and somebody uses it."
  }
}

variable "key_service_users" {
  description = "AWS services that use the key of a tier, by tier: the `service_users` of `gabion_kms_key`."
  type = map(list(object({
    service            = string
    via_service        = optional(bool)
    principals         = optional(set(string))
    source_account     = optional(string)
    source_arn         = optional(string)
    encryption_context = optional(map(string))
    actions            = optional(set(string))
  })))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for tier in keys(var.key_service_users) : contains(["confidential", "regulated"], tier) && contains(keys(var.segments), tier)])
    error_message = "The tier is one of `segments` that has a key."
  }
}

variable "log_destination" {
  description = "Where flow logs and DNS query logs go: the output `arn` of the module `log-archive`."
  type        = string

  validation {
    condition     = can(regex("^arn:aws:s3:::", var.log_destination))
    error_message = "The ARN of a bucket."
  }
}

variable "deletion_protection" {
  description = "Whether destroying the account and its keys is refused. Turning it off is an apply of its own."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_policy" {
  description = "What a destroy does with the account: `retain` leaves it, `close` closes it."
  type        = string
  default     = "retain"

  validation {
    condition     = contains(["retain", "close"], var.deletion_policy)
    error_message = "One of `retain` and `close`."
  }
}

variable "acknowledge_irreversible" {
  description = "The account's name, for `deletion_policy = \"close\"`."
  type        = string
  default     = null
}

variable "acknowledge_keys" {
  description = "Aliases of keys (`prod-confidential`) that may be destroyed although they were used in the last 30 days."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "acknowledge_removals" {
  description = "What stands in an adopted account and may be cut off, as the plan names it."
  type        = set(string)
  default     = null
}

variable "tags" {
  description = "Tags of everything here. `environment` is added."
  type        = map(string)
  default     = {}
}
