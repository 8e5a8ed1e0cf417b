# The foundation: three keys, a log sink, three segments, the baseline of an account. What `../aws` says by hand.

terraform {
  required_providers {
    gabion = { source = "gabion/gabion" }
  }
}

provider "gabion" {
  region = "eu-central-1"
  default_tags {
    tags = { owner = "platform" }
  }
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

resource "gabion_kms_key" "data" {
  for_each            = toset(["orders", "billing"])
  alias               = each.key
  deletion_protection = false
}

resource "gabion_log_sink" "audit" {
  bucket              = "example-audit-logs"
  kms_key_id          = gabion_kms_key.logs.arn
  deletion_protection = false
}

resource "gabion_network_segment" "this" {
  for_each = {
    dev  = { cidr = "10.10.0.0/16", egress = "open", tier = "internal" }
    test = { cidr = "10.11.0.0/16", egress = "none", tier = "internal" }
    prod = { cidr = "10.12.0.0/16", egress = "aws_only", tier = "confidential" }
  }
  name                = each.key
  environment         = each.key
  cidr_block          = each.value.cidr
  data_tier           = each.value.tier
  egress              = each.value.egress
  interface_endpoints = each.value.egress == "none" ? [] : ["kms", "logs", "ecr.api"]
  log_destination     = gabion_log_sink.audit.arn
}

resource "gabion_account_baseline" "this" {
  # The account is not new to the resource: what is public there may end.
  acknowledge_removals = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

  regions = ["eu-central-1"]
  security_contact = {
    name          = "Security"
    title         = "Security team"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234567"
  }
}
