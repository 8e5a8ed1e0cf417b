# Many keys and segments in one configuration.

terraform {
  required_providers {
    gabion = { source = "gabion/gabion" }
  }
}

provider "gabion" {
  region = "eu-central-1"
}

variable "segments" {
  type        = number
  description = "How many segments."
}

variable "keys" {
  type        = number
  description = "How many keys."
}

resource "gabion_kms_key" "this" {
  count               = var.keys
  alias               = "key-${count.index}"
  deletion_protection = false
}

resource "gabion_kms_key" "logs" {
  alias               = "logs"
  deletion_protection = false
  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
    { service = "delivery.logs.amazonaws.com" },
  ]
}

resource "gabion_log_sink" "audit" {
  bucket              = "example-audit-logs"
  kms_key_id          = gabion_kms_key.logs.arn
  deletion_protection = false
}

resource "gabion_network_segment" "this" {
  count           = var.segments
  name            = "segment-${count.index}"
  environment     = "prod"
  data_tier       = "confidential"
  cidr_block      = "10.${count.index}.0.0/16"
  log_destination = gabion_log_sink.audit.arn
}
