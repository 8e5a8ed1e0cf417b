# The team's side of an exception is complete: attribute, control, reason, date. The provider is
# content with it. The guardrail is not, because gabion.hcl accepts no exceptions.
resource "gabion_kms_key" "legacy" {
  alias               = "alias/quickstart-legacy"
  enable_key_rotation = false

  exception {
    attribute = "enable_key_rotation"
    control   = "KMS.4"
    reason    = "a partner pins the key material"
    expires   = "2030-01-01T00:00:00Z"
  }
}
