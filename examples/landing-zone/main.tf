terraform {
  required_providers { gabion = { source = "gabion/gabion" } }
}

provider "gabion" {
  region = "eu-central-1"
}

module "organization" {
  source       = "./modules/organization"
  environments = ["dev", "test", "prod"]
  regions      = ["eu-central-1"]
}

module "log_archive" {
  source          = "./modules/log-archive"
  bucket          = "example-log-archive"
  organization_id = module.organization.id
}

module "environment" {
  source = "./modules/environment"
  for_each = {
    dev  = { segments = { internal = { cidr_block = "10.10.0.0/16" } }, roles = {} }
    test = { segments = { internal = { cidr_block = "10.20.0.0/16" } }, roles = {} }
    prod = {
      segments = { confidential = { cidr_block = "10.30.0.0/16", egress = "aws_only", interface_endpoints = ["kms", "logs"] } }
      roles    = { operators = { permission_set = "Operators" } }
    }
  }
  environment      = each.key
  account_name     = "example-${each.key}"
  email            = "aws+${each.key}@example.com"
  organization     = module.organization
  log_destination  = module.log_archive.arn
  segments         = each.value.segments
  roles            = each.value.roles
  security_contact = { name = "Security", title = "CISO", email_address = "security@example.com", phone_number = "+49 30 1234567" }
}

output "environments" {
  description = "Each environment's account, networks, keys and roles."
  value       = module.environment
}
