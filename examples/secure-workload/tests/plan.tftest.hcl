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

  deploy_permissions_boundary = "arn:aws:iam::111122223333:policy/deploy"
}

run "a_closed_network_and_bound_roles" {
  command = plan

  # A closed network reaches a service through its endpoint or not at all.
  assert {
    condition = length(setsubtract(
      [for action in flatten(concat(gabion_workload_role.task.statement, gabion_workload_role.execution.statement)[*].actions) : split(":", action)[0]],
      [for service in gabion_network_segment.this.interface_endpoints : split(".", service)[0]],
    )) == 0
    error_message = "A role of the tasks uses a service that has no endpoint in the network."
  }

  # What the pipeline hands over, and to whom.
  assert {
    condition = alltrue([
      for statement in gabion_workload_role.deploy.statement : statement.conditions[0].variable == "iam:PassedToService" if contains(statement.actions, "iam:PassRole")
    ])
    error_message = "The pipeline hands roles to any service."
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

    deploy_permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    repository                  = "orders"
    branch                      = "*"
  }

  expect_failures = [
    var.account_id, var.region, var.name, var.environment, var.data_tier, var.cidr_block, var.log_destination,
    var.permissions_boundary, var.deploy_permissions_boundary, var.repository, var.branch,
  ]
}
