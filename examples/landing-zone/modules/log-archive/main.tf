resource "gabion_kms_key" "this" {
  account_id     = var.account_id
  region         = var.region
  alias          = var.bucket
  description    = "Encrypts the log archive ${var.bucket}."
  administrators = var.key_administrators

  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
  ]

  # Flow logs and DNS query logs come from every account of the organization, and from no other.
  additional_policy_statements = [{
    sid        = "LogDeliveryInTheOrganization"
    principals = { Service = ["delivery.logs.amazonaws.com"] }
    actions    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    conditions = [{
      test     = "StringEquals"
      variable = "aws:SourceOrgID"
      values   = [var.organization_id]
    }]
  }]

  # What is retained is of no use without its key, which a destroy would delete after 30 days: it stays protected.
  deletion_protection      = var.deletion_protection || var.deletion_policy == "retain"
  acknowledge_irreversible = var.acknowledge_key
  tags                     = var.tags
}

resource "gabion_log_sink" "this" {
  account_id        = var.account_id
  region            = var.region
  bucket            = var.bucket
  kms_key_id        = gabion_kms_key.this.arn
  organization_id   = var.organization_id
  retention_in_days = var.retention_in_days

  deletion_protection      = var.deletion_protection
  deletion_policy          = var.deletion_policy
  acknowledge_irreversible = var.acknowledge_irreversible
  tags                     = var.tags
}
