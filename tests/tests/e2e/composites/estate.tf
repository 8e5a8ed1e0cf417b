# One configuration with every composite. What begins with `#:` is put in by the test.
resource "gabion_organization" "main" {
  units                         = ["dev", "prod"]
  aws_service_access_principals = ["cloudtrail.amazonaws.com"]
  #:organization
}

resource "gabion_account" "app" {
  name                = "app"
  email               = "app@example.com"
  organizational_unit = gabion_organization.main.unit_ids["dev"]
  regions             = ["eu-central-1"]
  tags                = { team = "a" }
  deletion_protection = false
  security_contact = {
    name          = "Security"
    title         = "CISO"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234"
  }
  #:account
}

resource "gabion_account_baseline" "own" {
  #:baseline_account
  regions = ["eu-central-1"]
  security_contact = {
    name          = "Security"
    title         = "CISO"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234"
  }
  acknowledge_removals = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
  #:baseline
}

resource "gabion_org_guardrail" "floor" {
  name                      = "floor"
  targets                   = [gabion_organization.main.unit_ids["prod"]]
  deny_leaving_organization = true
  exempt_principals         = ["arn:aws:iam::*:role/OrganizationAccountAccessRole"]
  deletion_protection       = false
  tags                      = { team = "a" }
}

resource "gabion_kms_key" "logs" {
  alias               = "logs"
  description         = "logs"
  deletion_protection = false
  tags                = { team = "a" }
  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
    { service = "delivery.logs.amazonaws.com" },
  ]
}

resource "gabion_kms_key" "spare" {
  alias               = "spare"
  description         = "spare"
  deletion_protection = false
  tags                = { team = "a" }
  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
  ]
  #:spare
}

resource "gabion_log_sink" "audit" {
  bucket              = "gabion-estate-logs"
  kms_key_id          = gabion_kms_key.logs.arn
  deletion_protection = false
  tags                = { team = "a" }
  organization_id     = gabion_organization.main.id
  #:sink
}

resource "gabion_network_segment" "orders" {
  name                = "orders"
  cidr_block          = "10.20.0.0/16"
  environment         = "prod"
  data_tier           = "internal"
  egress              = "open"
  ingress             = "internet"
  interface_endpoints = ["kms"]
  connects_to         = [gabion_network_segment.stock.id]
  organization_id     = gabion_organization.main.id
  log_destination     = gabion_log_sink.audit.arn
  tags                = { team = "a" }
}

resource "gabion_network_segment" "stock" {
  name            = "stock"
  cidr_block      = "10.21.0.0/16"
  environment     = "prod"
  data_tier       = "internal"
  organization_id = gabion_organization.main.id
  log_destination = gabion_log_sink.audit.arn
}

resource "gabion_workload_role" "orders" {
  name                 = "orders"
  principal_kind       = "service"
  service              = { principal = "ecs-tasks.amazonaws.com" }
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  tags                 = { team = "a" }
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::example-orders/*"]
  }
}

resource "gabion_workload_role" "deploy" {
  name                 = "deploy"
  principal_kind       = "workload"
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  workload = {
    provider = "https://token.actions.githubusercontent.com"
    subjects = ["repo:example/orders:ref:refs/heads/main"]
  }
}
