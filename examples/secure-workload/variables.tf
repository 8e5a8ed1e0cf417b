variable "account_id" {
  description = "The team's account, as the platform has vended it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "region" {
  description = "Region of the service: one that the platform allows."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is written as `eu-central-1`."
  }
}

variable "name" {
  description = "Name of the service. Network, roles and key are named after it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "A service is named by 2 to 31 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "environment" {
  description = "The environment, as the platform calls it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.environment))
    error_message = "An environment is named by lower-case letters, digits and hyphens."
  }
}

variable "data_tier" {
  description = "What the service's data is."
  type        = string
  default     = "confidential"

  validation {
    condition     = contains(["public", "internal", "confidential", "regulated"], var.data_tier)
    error_message = "One of `public`, `internal`, `confidential` and `regulated`."
  }
}

variable "cidr_block" {
  description = "The range that the platform gave the service."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr_block, 0))
    error_message = "A range is written as `10.30.64.0/18`."
  }
}

variable "log_destination" {
  description = "ARN of the platform's log archive."
  type        = string

  validation {
    condition     = can(regex("^arn:aws:s3:::", var.log_destination))
    error_message = "The ARN of a bucket."
  }
}

variable "permissions_boundary" {
  description = "ARN of the platform's boundary for what runs: the task role and the execution role."
  type        = string
  default     = "arn:aws:iam::aws:policy/PowerUserAccess"

  validation {
    condition     = can(regex("^arn:aws:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "The ARN of a managed policy."
  }
}

variable "deploy_permissions_boundary" {
  description = "ARN of the platform's boundary for the pipeline. It permits `iam:PassRole`, which `PowerUserAccess` does not."
  type        = string

  validation {
    condition     = can(regex("^arn:aws:iam::([0-9]{12}|aws):policy/.+$", var.deploy_permissions_boundary)) && !endswith(var.deploy_permissions_boundary, ":policy/PowerUserAccess")
    error_message = "The ARN of a managed policy that permits `iam:PassRole`."
  }
}

variable "repository" {
  description = "The repository that deploys, as `owner/name` on GitHub."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "A repository is written as `owner/name`."
  }
}

variable "branch" {
  description = "The branch that deploys."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9_./-]+$", var.branch))
    error_message = "A branch by its name, without wildcards."
  }
}

variable "deletion_protection" {
  description = "Whether destroying the key is refused. Turning it off is an apply of its own."
  type        = bool
  default     = true
  nullable    = false
}
