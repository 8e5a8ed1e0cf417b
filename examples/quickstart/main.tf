terraform {
  required_providers {
    gabion = {
      source = "gabion/gabion"
    }
  }
}

provider "gabion" {
  region = "eu-central-1"
}

variable "deletion_protection" {
  description = "Whether a destroy is refused. Turning it off is a change of its own: destroy takes two applies."
  type        = bool
  default     = true
}

# Rotation, deletion window, key policy: all set, none written here.
resource "gabion_kms_key" "logs" {
  alias = "alias/quickstart-logs"
  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
  ]
  deletion_protection = var.deletion_protection
}

# A locked, encrypted bucket that only log services write to, with its trail and log group.
resource "gabion_log_sink" "audit" {
  bucket              = "quickstart-audit-logs"
  kms_key_id          = gabion_kms_key.logs.arn
  deletion_protection = var.deletion_protection
}
