# A closed network: private subnets, endpoints for a few AWS services, flow logs and DNS query logs to a sink.
resource "gabion_network_segment" "this" {
  name                = "orders"
  cidr_block          = "10.20.0.0/16"
  environment         = "prod"
  data_tier           = "confidential"
  egress              = "aws_only"
  interface_endpoints = ["kms", "logs"]
  log_destination     = "arn:aws:s3:::example-audit-logs"
}
