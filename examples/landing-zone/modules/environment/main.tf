resource "gabion_account" "this" {
  account_id          = var.account_id
  name                = var.account_name
  email               = var.email
  organizational_unit = var.organization.unit_ids[var.environment]
  regions             = var.organization.regions
  security_contact    = var.security_contact

  deletion_protection      = var.deletion_protection
  deletion_policy          = var.deletion_policy
  acknowledge_irreversible = var.acknowledge_irreversible
  acknowledge_removals     = var.acknowledge_removals
  tags                     = local.tags
}

locals {
  tags = merge(var.tags, { environment = var.environment })

  # The tiers whose data is encrypted with a key of their own.
  encrypted = toset([for tier in keys(var.segments) : tier if provider::gabion::data_tier(tier).customer_managed_key])
}

# Everything below is built in the account that is made above, by the same apply.

resource "gabion_network_segment" "this" {
  for_each = var.segments

  account_id                 = gabion_account.this.account_id
  region                     = var.region
  organization_id            = var.organization.id
  name                       = "${var.environment}-${each.key}"
  environment                = var.environment
  data_tier                  = each.key
  cidr_block                 = each.value.cidr_block
  egress                     = each.value.egress
  egress_allowed_cidrs       = each.value.egress_allowed_cidrs
  egress_allowed_domains     = each.value.egress_allowed_domains
  inspection_rule_group_arns = each.value.inspection_rule_group_arns
  ingress                    = each.value.ingress
  interface_endpoints        = each.value.interface_endpoints
  connects_to                = each.value.connects_to
  allowed_environments       = each.value.allowed_environments
  log_destination            = var.log_destination
  tags                       = local.tags
}

resource "gabion_workload_role" "this" {
  for_each = var.roles

  account_id           = gabion_account.this.account_id
  name                 = each.key
  principal_kind       = "human"
  human                = { permission_set = each.value.permission_set }
  permissions_boundary = each.value.permissions_boundary
  managed_policy_arns  = each.value.managed_policy_arns
  tags                 = local.tags
}

resource "gabion_kms_key" "this" {
  for_each = local.encrypted

  account_id  = gabion_account.this.account_id
  region      = var.region
  alias       = "${var.environment}-${each.key}"
  description = "Encrypts ${each.key} data of ${var.environment}."

  # Where nobody is named, IAM policies of the account decide who uses the key: no role for people does by being here.
  users         = lookup(var.key_users, each.key, [gabion_account.this.account_id])
  service_users = lookup(var.key_service_users, each.key, [])

  deletion_protection      = var.deletion_protection
  acknowledge_irreversible = contains(var.acknowledge_keys, "${var.environment}-${each.key}") ? "${var.environment}-${each.key}" : null
  tags                     = local.tags
}
