# A service: bound to this account, so that nobody else's tasks can use the role.
resource "gabion_workload_role" "orders" {
  name                 = "orders"
  principal_kind       = "service"
  service              = { principal = "ecs-tasks.amazonaws.com" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"

  statement {
    sid       = "ReadOrders"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::example-orders/*"]
  }
}

# A pipeline: one repository, one branch, one audience.
resource "gabion_workload_role" "deploy" {
  name                 = "deploy"
  principal_kind       = "workload"
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"

  workload = {
    provider = "https://token.actions.githubusercontent.com"
    subjects = ["repo:example/orders:ref:refs/heads/main"]
  }

  statement {
    actions   = ["ecs:UpdateService", "ecs:DescribeServices"]
    resources = ["arn:aws:ecs:eu-central-1:111122223333:service/orders/*"]
  }
}

# People, by a permission set of Identity Center.
resource "gabion_workload_role" "operators" {
  name                 = "operators"
  principal_kind       = "human"
  human                = { permission_set = "Operators" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
}
