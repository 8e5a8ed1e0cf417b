resource "gabion_account_baseline" "this" {
  regions = ["eu-central-1"]

  # What is public in the account's buckets may end.
  acknowledge_removals = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

  security_contact = {
    name          = "Security"
    title         = "Security team"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234567"
  }
}
