# The import id is the name of the main bucket.
terraform import gabion_log_sink.this example-audit-logs

# In another account or region than the provider's own:
terraform import gabion_log_sink.this 123456789012/eu-central-1/example-audit-logs
