resource "gabion_account_baseline" "this" {
  regions = ["eu-central-1"]

  security_contact = {
    name          = "Security"
    title         = "Security team"
    email_address = "security@example.com"
    phone_number  = "+49 30 1234567"
  }
}
