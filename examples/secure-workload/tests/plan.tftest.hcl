# What the service gets, and what is refused. The provider is a mock: nothing is asked of AWS.

mock_provider "gabion" {}

variables {
  account_id      = "111122223333"
  region          = "eu-central-1"
  name            = "orders"
  environment     = "prod"
  cidr_block      = "10.30.64.0/18"
  log_destination = "arn:aws:s3:::example-log-archive"
  repository      = "example/orders"
}

run "a_closed_network_and_bound_roles" {
  command = plan

  assert {
    condition     = gabion_network_segment.this.egress == "aws_only"
    error_message = "Traffic leaves for elsewhere than AWS."
  }

  assert {
    condition     = gabion_workload_role.deploy.workload.subjects == toset(["repo:example/orders:ref:refs/heads/main"])
    error_message = "More than the main branch deploys."
  }
}

run "bad_input" {
  command = plan

  variables {
    account_id           = "orders"
    region               = "frankfurt"
    name                 = "Orders"
    environment          = "Prod 1"
    data_tier            = "secret"
    cidr_block           = "10.30.64.0"
    log_destination      = "example-log-archive"
    permissions_boundary = "PowerUserAccess"
    repository           = "orders"
    branch               = "*"
  }

  expect_failures = [
    var.account_id, var.region, var.name, var.environment, var.data_tier, var.cidr_block, var.log_destination,
    var.permissions_boundary, var.repository, var.branch,
  ]
}
