# What the modules refuse. Nothing is asked of AWS: the provider is a mock.

mock_provider "gabion" {}

variables {
  environment      = "dev"
  account_name     = "example-dev"
  email            = "aws+dev@example.com"
  organization     = { id = "o-exampleorgid", unit_ids = { dev = "ou-abcd-12345678" }, regions = ["eu-central-1"] }
  security_contact = { name = "Security", title = "CISO", email_address = "security@example.com", phone_number = "1" }
  segments         = { internal = { cidr_block = "10.10.0.0/16" }, regulated = { cidr_block = "10.11.0.0/16" } }
  log_destination  = "arn:aws:s3:::example-log-archive"
  environments     = ["dev"]
  regions          = ["eu-central-1"]
  bucket           = "example-log-archive"
  organization_id  = "o-exampleorgid"
}

run "an_environment" {
  command = plan

  module {
    source = "./modules/environment"
  }

  assert {
    condition     = keys(gabion_kms_key.this) == ["regulated"]
    error_message = "Not exactly the tiers that need a key have one."
  }

  assert {
    condition     = gabion_network_segment.this["regulated"].name == "dev-regulated"
    error_message = "A segment is not named after environment and tier."
  }
}

run "no_such_tier" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { secret = { cidr_block = "10.10.0.0/16" } }
  }

  expect_failures = [var.segments]
}

run "no_range" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { internal = { cidr_block = "10.10.0.0" } }
  }

  expect_failures = [var.segments]
}

run "open_egress_of_regulated_data" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { regulated = { cidr_block = "10.10.0.0/16", egress = "open" } }
  }

  expect_failures = [var.segments]
}

run "a_region_that_accounts_may_not_use" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    region = "us-west-2"
  }

  expect_failures = [var.region]
}

run "bad_names" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    environment     = "Dev 1"
    account_name    = ""
    email           = "nobody"
    log_destination = "example-log-archive"
    deletion_policy = "delete"
    roles           = { "a role" = { permission_set = "Operators" } }
    organization    = { id = "o-exampleorgid", unit_ids = { "Dev 1" = "ou-abcd-12345678" }, regions = ["eu-central-1"] }

    security_contact = { name = "", title = "CISO", email_address = "nobody", phone_number = "1" }
  }

  expect_failures = [
    var.environment, var.account_name, var.email, var.log_destination, var.deletion_policy, var.roles, var.security_contact,
  ]
}

run "no_organization" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    organization = { id = "example", unit_ids = { dev = "ou-abcd-12345678" }, regions = ["eu-central-1"] }
  }

  expect_failures = [var.organization]
}

run "an_environment_without_a_unit" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    environment = "stage"
  }

  expect_failures = [var.environment]
}

run "no_environment_and_no_region" {
  command = plan

  module {
    source = "./modules/organization"
  }

  variables {
    environments                  = []
    regions                       = ["frankfurt"]
    aws_service_access_principals = []
    guardrail_name                = ""
    vending_role_name             = "path/role"
    break_glass_roles             = ["break-glass"]
  }

  expect_failures = [
    var.environments, var.regions, var.aws_service_access_principals, var.guardrail_name, var.vending_role_name,
    var.break_glass_roles,
  ]
}

run "an_archive_that_keeps_too_little" {
  command = plan

  module {
    source = "./modules/log-archive"
  }

  variables {
    bucket            = "Example.Logs"
    organization_id   = "example"
    account_id        = "1"
    region            = "frankfurt"
    retention_in_days = 30
    deletion_policy   = "close"

    key_administrators = ["everybody"]
  }

  expect_failures = [
    var.bucket, var.organization_id, var.account_id, var.region, var.retention_in_days, var.deletion_policy,
    var.key_administrators,
  ]
}
