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

  assert {
    condition     = gabion_kms_key.this["regulated"].acknowledge_irreversible == null && gabion_kms_key.this["regulated"].deletion_protection
    error_message = "The key can be destroyed without a word."
  }
}

run "who_uses_a_key_is_said_and_not_guessed" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    roles             = { operators = { permission_set = "Operators" } }
    key_users         = { regulated = ["arn:aws:iam::111122223333:role/ledger"] }
    key_service_users = { regulated = [{ service = "s3.amazonaws.com", via_service = true }] }
    acknowledge_keys  = ["dev-regulated", "dev-other"]
  }

  assert {
    condition     = gabion_kms_key.this["regulated"].users == toset(["arn:aws:iam::111122223333:role/ledger"])
    error_message = "Another uses the key than who is named."
  }

  assert {
    condition     = gabion_kms_key.this["regulated"].service_users[0].via_service
    error_message = "The service does not use the key."
  }

  assert {
    condition     = gabion_kms_key.this["regulated"].acknowledge_irreversible == "dev-regulated"
    error_message = "The acknowledgement is not that of this key."
  }
}

run "users_of_a_key_that_is_not" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    key_users         = { internal = ["arn:aws:iam::111122223333:role/ledger"] }
    key_service_users = { confidential = [{ service = "s3.amazonaws.com" }] }
  }

  expect_failures = [var.key_users, var.key_service_users]
}

run "an_account_that_is_there" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    account_id   = "111122223333"
    account_name = null
    email        = null
  }

  assert {
    condition     = alltrue([for segment in gabion_network_segment.this : segment.account_id == "111122223333"])
    error_message = "A network is built elsewhere than in the adopted account."
  }
}

run "no_account" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    account_id   = "1"
    account_name = null
    email        = null
  }

  # An id that is none is told as such.
  expect_failures = [var.account_id]
}

run "neither_an_account_nor_a_name" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    account_name = null
    email        = null
  }

  expect_failures = [var.account_name, var.email]
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

run "confidential_data_on_the_internet" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { confidential = { cidr_block = "10.10.0.0/16", ingress = "internet" } }
  }

  expect_failures = [var.segments]
}

run "an_egress_that_is_none" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { internal = { cidr_block = "10.10.0.0/16", egress = "all" } }
  }

  expect_failures = [var.segments]
}

run "an_allowlist_that_is_empty" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { internal = { cidr_block = "10.10.0.0/16", egress = "allowlist" } }
  }

  expect_failures = [var.segments]
}

run "an_allowlist_that_does_nothing" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { internal = { cidr_block = "10.10.0.0/16", egress_allowed_cidrs = ["203.0.113.0/24"] } }
  }

  expect_failures = [var.segments]
}

run "an_ingress_that_is_none" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = { internal = { cidr_block = "10.10.0.0/16", ingress = "all" } }
  }

  expect_failures = [var.segments]
}

run "ways_out_by_domain_and_through_a_firewall" {
  command = plan

  module {
    source = "./modules/environment"
  }

  variables {
    segments = {
      internal  = { cidr_block = "10.10.0.0/16", egress = "allowlist", egress_allowed_domains = ["example.com"] }
      regulated = { cidr_block = "10.11.0.0/16", egress = "inspected" }
    }
  }

  assert {
    condition     = gabion_network_segment.this["internal"].egress_allowed_domains == toset(["example.com"])
    error_message = "The domain does not come to the network."
  }

  assert {
    condition     = gabion_network_segment.this["regulated"].egress == "inspected"
    error_message = "Traffic is not inspected."
  }
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

run "every_unit_is_under_the_guardrail" {
  command = plan

  module {
    source = "./modules/organization"
  }

  override_resource {
    target          = gabion_organization.this
    override_during = plan
    values          = { id = "o-exampleorgid", unit_ids = { dev = "ou-abcd-12345678", other = "ou-abcd-87654321" } }
  }

  assert {
    condition     = gabion_org_guardrail.this.targets == toset(["ou-abcd-12345678"])
    error_message = "The guardrail is not on exactly the units of the environments."
  }

  assert {
    condition     = anytrue([for arn in gabion_org_guardrail.this.exempt_principals : endswith(arn, "/${var.vending_role_name}")])
    error_message = "The role by which accounts are vended is shut out."
  }
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

run "what_is_retained_keeps_its_key" {
  command = plan

  module {
    source = "./modules/log-archive"
  }

  variables {
    deletion_protection = false
    deletion_policy     = "retain"
  }

  assert {
    condition     = gabion_kms_key.this.deletion_protection && !gabion_log_sink.this.deletion_protection
    error_message = "A destroy would delete the key of what it retains."
  }
}

run "no_acknowledgement_for_the_key_of_what_is_retained" {
  command = plan

  module {
    source = "./modules/log-archive"
  }

  variables {
    deletion_policy = "retain"
    acknowledge_key = "example-log-archive"
  }

  expect_failures = [var.acknowledge_key]
}
