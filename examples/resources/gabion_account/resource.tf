resource "gabion_organization" "main" {
  units = ["dev", "prod"]
}

resource "gabion_account" "app" {
  name                = "app"
  email               = "aws+app@example.com"
  organizational_unit = gabion_organization.main.unit_ids["dev"]
  regions             = ["eu-central-1"]

  security_contact = {
    name          = "Security"
    title         = "Security team"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234567"
  }
}

# The same apply builds in it.
resource "gabion_kms_key" "app" {
  account_id = gabion_account.app.account_id
  alias      = "app"
}
