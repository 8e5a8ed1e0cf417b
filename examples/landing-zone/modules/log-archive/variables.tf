variable "bucket" {
  description = "Name of the bucket. The key's alias, the trail, the log group and the bucket of access logs are named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,46}[a-z0-9]$", var.bucket))
    error_message = "A bucket is named by 3 to 48 lower-case letters, digits and hyphens, and is unique in all of AWS."
  }
}

variable "organization_id" {
  description = "Id of the organization whose accounts write here: the output `id` of the module `organization`."
  type        = string

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "The id of an organization begins with `o-`."
  }
}

variable "account_id" {
  description = "Account of the archive. Unset: the provider's own. Only the management account can have the organization's trail; in another one the trail records that account alone."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "region" {
  description = "Region of the archive. Unset: the provider's."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is written as `eu-central-1`."
  }
}

variable "key_administrators" {
  description = "ARNs of principals that administer the key, besides the account itself. They cannot use it."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.key_administrators : can(regex("^arn:aws:iam::[0-9]{12}:", arn))])
    error_message = "Each is the ARN of a role, a user or an account's root."
  }
}

variable "retention_in_days" {
  description = "How long nobody can delete what was written. Less than a year needs an exception, which this module does not make."
  type        = number
  default     = 365

  validation {
    condition     = var.retention_in_days >= 365 && floor(var.retention_in_days) == var.retention_in_days
    error_message = "Logs are kept for 365 whole days or more."
  }
}

variable "deletion_protection" {
  description = "Whether destroying key and archive is refused. Turning it off is an apply of its own."
  type        = bool
  default     = true
  nullable    = false
}

variable "deletion_policy" {
  description = "What a destroy does with what was written: `delete` refuses while there is anything, `retain` leaves it and protects its key, `purge` deletes it."
  type        = string
  default     = "delete"

  validation {
    condition     = contains(["delete", "retain", "purge"], var.deletion_policy)
    error_message = "One of `delete`, `retain` and `purge`."
  }
}

variable "acknowledge_irreversible" {
  description = "The bucket's name, for `deletion_policy = \"purge\"`."
  type        = string
  default     = null
}

variable "acknowledge_key" {
  description = "The key's alias, which is the bucket's name, to destroy the key although it was used in the last 30 days. The trail uses it all the time."
  type        = string
  default     = null

  validation {
    condition     = var.acknowledge_key == null || var.acknowledge_key == var.bucket && var.deletion_policy != "retain"
    error_message = "The key of what is retained is not destroyed. Otherwise it is acknowledged by the bucket's name."
  }
}

variable "tags" {
  description = "Tags of everything here."
  type        = map(string)
  default     = {}
}
