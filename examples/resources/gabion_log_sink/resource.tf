resource "gabion_kms_key" "logs" {
  alias          = "alias/logs"
  administrators = ["arn:aws:iam::123456789012:role/platform-admin"]

  # CloudTrail and CloudWatch Logs encrypt with the key, for this account only.
  service_users = [
    { service = "cloudtrail.amazonaws.com" },
    { service = "logs.amazonaws.com" },
  ]
}

# A locked bucket, its access logs, a trail and a log group: every secure default is on.
resource "gabion_log_sink" "this" {
  bucket     = "example-audit-logs"
  kms_key_id = gabion_kms_key.logs.arn
}
