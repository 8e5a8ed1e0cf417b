# Rotation every year, 30 days before a deletion, protection from it, and a key policy that keeps
# administration and use apart: all on.
resource "gabion_kms_key" "app" {
  alias = "app"
  users = ["arn:aws:iam::111122223333:role/app"]
}

# A key for logs: the services are bound to this account's trails and log groups.
resource "gabion_kms_key" "logs" {
  alias          = "logs"
  administrators = ["arn:aws:iam::111122223333:role/key-admin"]

  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
    { service = "s3.amazonaws.com", via_service = true },
  ]
}

# A weaker setting says why, and until when.
resource "gabion_kms_key" "test" {
  alias                   = "test"
  deletion_window_in_days = 7

  exception {
    attribute = "deletion_window_in_days"
    control   = "KMS.3"
    reason    = "test data, made anew every night"
    expires   = "2099-01-31T00:00:00Z"
  }
}
