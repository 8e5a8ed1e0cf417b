output "arn" {
  description = "ARN of the bucket: where the segments of all accounts log to."
  value       = gabion_log_sink.this.arn
}

output "bucket" {
  description = "Name of the bucket."
  value       = gabion_log_sink.this.id
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the archive."
  value       = gabion_kms_key.this.arn
}

output "trail_arn" {
  description = "ARN of the trail."
  value       = gabion_log_sink.this.trail_arn
}
