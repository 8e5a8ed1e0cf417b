# What `../gabion` says in sixty lines, by hand for hashicorp/aws: the same objects with the same settings.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region            = "eu-central-1"
  s3_use_path_style = true
  default_tags {
    tags = { owner = "platform" }
  }
}

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}
data "aws_availability_zones" "this" {
  state = "available"
}

locals {
  account = data.aws_caller_identity.this.account_id
  region  = data.aws_region.this.name
  root    = "arn:${data.aws_partition.this.partition}:iam::${local.account}:root"
  zones   = slice(data.aws_availability_zones.this.names, 0, 3)

  key_administration = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:ReplicateKey", "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:UpdatePrimaryRegion",
  ]
  key_use = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
}

# Keys.

# Whoever may use EBS here may use its key, through EBS: what KMS gives the key that AWS manages for it.
data "aws_iam_policy_document" "ebs_key" {
  source_policy_documents = [data.aws_iam_policy_document.data_key.json]
  statement {
    sid       = "VolumesOfTheAccount"
    actions   = concat(local.key_use, ["kms:CreateGrant", "kms:DescribeKey"])
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:CallerAccount"
      values   = [local.account]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ec2.${local.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "logs_key" {
  statement {
    sid       = "AccountRecovery"
    actions   = local.key_administration
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }
  statement {
    sid       = "TrailUse"
    actions   = ["kms:GenerateDataKey*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:cloudtrail:*:${local.account}:trail/*"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:cloudtrail:arn"
      values   = ["arn:aws:cloudtrail:*:${local.account}:trail/*"]
    }
  }
  statement {
    sid       = "TrailDescribe"
    actions   = ["kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:cloudtrail:*:${local.account}:trail/*"]
    }
  }
  statement {
    sid       = "LogGroupUse"
    actions   = local.key_use
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${local.region}:${local.account}:*"]
    }
  }
  statement {
    sid       = "DeliveryUse"
    actions   = concat(local.key_use, ["kms:DescribeKey"])
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "data_key" {
  statement {
    sid       = "AccountRecovery"
    actions   = local.key_administration
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }
}

resource "aws_kms_key" "logs" {
  description             = "logs"
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.logs_key.json
}

resource "aws_kms_alias" "logs" {
  name          = "alias/logs"
  target_key_id = aws_kms_key.logs.key_id
}

resource "aws_kms_key" "data" {
  for_each                = toset(["orders", "billing"])
  description             = each.key
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.data_key.json
}

resource "aws_kms_alias" "data" {
  for_each      = aws_kms_key.data
  name          = "alias/${each.key}"
  target_key_id = each.value.key_id
}

# The log sink.

locals {
  buckets = {
    main   = "example-audit-logs"
    access = "example-audit-logs-access-logs"
  }
  trail = "arn:aws:cloudtrail:${local.region}:${local.account}:trail/example-audit-logs"
}

resource "aws_s3_bucket" "this" {
  for_each            = local.buckets
  bucket              = each.value
  object_lock_enabled = each.key == "main"
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  bucket = aws_s3_bucket.this["main"].id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.logs.arn
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "access" {
  bucket = aws_s3_bucket.this["access"].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "main" {
  bucket = aws_s3_bucket_versioning.this["main"].bucket
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 365
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "main" {
  bucket = aws_s3_bucket_versioning.this["main"].bucket
  rule {
    id     = "colder"
    status = "Enabled"
    filter {}
    transition {
      days          = 90
      storage_class = "GLACIER_IR"
    }
    noncurrent_version_transition {
      noncurrent_days = 90
      storage_class   = "GLACIER_IR"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "access" {
  bucket = aws_s3_bucket_versioning.this["access"].bucket
  rule {
    id     = "expire"
    status = "Enabled"
    filter {}
    expiration {
      days = 365
    }
    noncurrent_version_expiration {
      noncurrent_days = 365
    }
  }
}

resource "aws_s3_bucket_logging" "main" {
  bucket        = aws_s3_bucket.this["main"].id
  target_bucket = aws_s3_bucket.this["access"].id
  target_prefix = "s3/"
  depends_on    = [aws_s3_bucket_policy.access]
}

data "aws_iam_policy_document" "bucket" {
  for_each = aws_s3_bucket.this
  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  statement {
    sid       = "DenyOutsiders"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "BoolIfExists"
      variable = "aws:PrincipalIsAWSService"
      values   = ["false"]
    }
    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "main" {
  source_policy_documents = [data.aws_iam_policy_document.bucket["main"].json]
  statement {
    sid       = "DenyWritesByOthers"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this["main"].arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "BoolIfExists"
      variable = "aws:PrincipalIsAWSService"
      values   = ["false"]
    }
  }
  statement {
    sid       = "TrailReadsAcl"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.this["main"].arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail]
    }
  }
  statement {
    sid       = "TrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this["main"].arn}/AWSLogs/${local.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
  statement {
    sid       = "DeliveryReadsAcl"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = [aws_s3_bucket.this["main"].arn]
    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
  statement {
    sid       = "DeliveryWrites"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this["main"].arn}/AWSLogs/${local.account}/*"]
    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

data "aws_iam_policy_document" "access" {
  source_policy_documents = [data.aws_iam_policy_document.bucket["access"].json]
  statement {
    sid       = "AccessLogsWrite"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.this["access"].arn}/s3/*"]
    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [aws_s3_bucket.this["main"].arn]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_s3_bucket_policy" "main" {
  bucket     = aws_s3_bucket.this["main"].id
  policy     = data.aws_iam_policy_document.main.json
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_policy" "access" {
  bucket     = aws_s3_bucket.this["access"].id
  policy     = data.aws_iam_policy_document.access.json
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_cloudwatch_log_group" "audit" {
  name              = "/gabion/example-audit-logs"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudtrail" "audit" {
  name                          = "example-audit-logs"
  s3_bucket_name                = aws_s3_bucket.this["main"].id
  kms_key_id                    = aws_kms_key.logs.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  advanced_event_selector {
    name = "management"
    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }
  advanced_event_selector {
    name = "s3-writes"
    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }
    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }
    field_selector {
      field  = "readOnly"
      equals = ["false"]
    }
    field_selector {
      field           = "resources.ARN"
      not_starts_with = [for bucket in aws_s3_bucket.this : "${bucket.arn}/"]
    }
  }
  depends_on = [aws_s3_bucket_policy.main]
}

# The segments.

locals {
  segments = {
    dev  = { cidr = "10.10.0.0/16", egress = "open", tier = "internal" }
    test = { cidr = "10.11.0.0/16", egress = "none", tier = "internal" }
    prod = { cidr = "10.12.0.0/16", egress = "aws_only", tier = "confidential" }
  }
  private = merge([for name, segment in local.segments : {
    for index, zone in local.zones : "${name}-${zone}" => {
      segment = name, zone = zone, cidr = cidrsubnet(segment.cidr, 2, index)
    }
  }]...)
  public = merge([for name, segment in local.segments : {
    for index, zone in local.zones : "${name}-${zone}" => {
      segment = name, zone = zone, cidr = cidrsubnet(segment.cidr, 5, 24 + index)
    } if segment.egress == "open"
  }]...)
  open      = { for name, segment in local.segments : name => segment if segment.egress == "open" }
  endpoints = ["kms", "logs", "ecr.api"]
  interface_endpoints = merge([for name, segment in local.segments : {
    for service in local.endpoints : "${name}-${service}" => { segment = name, service = service }
    if segment.egress != "none"
  }]...)
  with_endpoints = { for name, segment in local.segments : name => segment if segment.egress != "none" }
  elsewhere      = { 300 = "10.0.0.0/8", 310 = "100.64.0.0/10", 320 = "172.16.0.0/12", 330 = "192.168.0.0/16" }
}

resource "aws_vpc" "this" {
  for_each             = local.segments
  cidr_block           = each.value.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = each.key, environment = each.key, data_tier = each.value.tier }
}

resource "aws_subnet" "private" {
  for_each                = local.private
  vpc_id                  = aws_vpc.this[each.value.segment].id
  availability_zone       = each.value.zone
  cidr_block              = each.value.cidr
  map_public_ip_on_launch = false
  tags                    = { Name = "${each.key}-private" }
}

resource "aws_default_security_group" "this" {
  for_each = aws_vpc.this
  vpc_id   = each.value.id
}

resource "aws_default_network_acl" "this" {
  for_each               = aws_vpc.this
  default_network_acl_id = each.value.default_network_acl_id
  subnet_ids             = [for key, subnet in aws_subnet.private : subnet.id if local.private[key].segment == each.key]

  dynamic "ingress" {
    for_each = { 10 = 22, 20 = 3389 }
    content {
      rule_no    = tonumber(ingress.key)
      action     = "deny"
      protocol   = "tcp"
      cidr_block = "0.0.0.0/0"
      from_port  = ingress.value
      to_port    = ingress.value
    }
  }
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = each.value.cidr_block
    from_port  = 0
    to_port    = 0
  }
  dynamic "ingress" {
    for_each = local.elsewhere
    content {
      rule_no    = tonumber(ingress.key)
      action     = "deny"
      protocol   = "-1"
      cidr_block = ingress.value
      from_port  = 0
      to_port    = 0
    }
  }
  dynamic "ingress" {
    for_each = { 900 = "tcp", 910 = "udp" }
    content {
      rule_no    = tonumber(ingress.key)
      action     = "allow"
      protocol   = ingress.value
      cidr_block = "0.0.0.0/0"
      from_port  = 1024
      to_port    = 65535
    }
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = each.value.cidr_block
    from_port  = 0
    to_port    = 0
  }
  dynamic "egress" {
    for_each = local.elsewhere
    content {
      rule_no    = tonumber(egress.key)
      action     = "deny"
      protocol   = "-1"
      cidr_block = egress.value
      from_port  = 0
      to_port    = 0
    }
  }
  egress {
    rule_no    = 900
    action     = "allow"
    protocol   = local.segments[each.key].egress == "open" ? "-1" : "tcp"
    cidr_block = "0.0.0.0/0"
    from_port  = local.segments[each.key].egress == "open" ? 0 : 443
    to_port    = local.segments[each.key].egress == "open" ? 0 : 443
  }
}

resource "aws_flow_log" "this" {
  for_each                 = aws_vpc.this
  vpc_id                   = each.value.id
  traffic_type             = "ALL"
  max_aggregation_interval = 60
  log_destination_type     = "s3"
  log_destination          = aws_s3_bucket.this["main"].arn
  depends_on               = [aws_s3_bucket_policy.main]
}

resource "aws_route53_resolver_query_log_config" "this" {
  name            = "gabion"
  destination_arn = aws_s3_bucket.this["main"].arn
  depends_on      = [aws_s3_bucket_policy.main]
}

resource "aws_route53_resolver_query_log_config_association" "this" {
  for_each                     = aws_vpc.this
  resolver_query_log_config_id = aws_route53_resolver_query_log_config.this.id
  resource_id                  = each.value.id
}

data "aws_iam_policy_document" "endpoint" {
  statement {
    sid       = "OwnPrincipals"
    actions   = ["*"]
    resources = ["*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "s3_endpoint" {
  source_policy_documents = [data.aws_iam_policy_document.endpoint.json]
  statement {
    sid       = "ContainerImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::prod-${local.region}-starport-layer-bucket/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = merge([for name, vpc in aws_vpc.this : {
    for service in ["s3", "dynamodb"] : "${name}-${service}" => { segment = name, service = service }
  }]...)
  vpc_id            = aws_vpc.this[each.value.segment].id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${local.region}.${each.value.service}"
  policy = (
    each.value.service == "s3"
    ? data.aws_iam_policy_document.s3_endpoint.json
    : data.aws_iam_policy_document.endpoint.json
  )
  route_table_ids = concat(
    [aws_vpc.this[each.value.segment].main_route_table_id],
    [for key, table in aws_route_table.private : table.id if local.public[key].segment == each.value.segment],
  )
}

resource "aws_security_group" "endpoints" {
  for_each    = local.with_endpoints
  name        = "${each.key}-endpoints"
  description = "interface endpoints"
  vpc_id      = aws_vpc.this[each.key].id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each          = aws_security_group.endpoints
  security_group_id = each.value.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = aws_vpc.this[each.key].cidr_block
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = local.interface_endpoints
  vpc_id              = aws_vpc.this[each.value.segment].id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${local.region}.${each.value.service}"
  policy              = data.aws_iam_policy_document.endpoint.json
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoints[each.value.segment].id]
  subnet_ids          = [for key, subnet in aws_subnet.private : subnet.id if local.private[key].segment == each.value.segment]
}

# The way out of the open segment.

resource "aws_internet_gateway" "this" {
  for_each = local.open
  vpc_id   = aws_vpc.this[each.key].id
}

resource "aws_subnet" "public" {
  for_each                = local.public
  vpc_id                  = aws_vpc.this[each.value.segment].id
  availability_zone       = each.value.zone
  cidr_block              = each.value.cidr
  map_public_ip_on_launch = false
  tags                    = { Name = "${each.key}-public" }
}

resource "aws_network_acl" "public" {
  for_each   = local.open
  vpc_id     = aws_vpc.this[each.key].id
  subnet_ids = [for key, subnet in aws_subnet.public : subnet.id if local.public[key].segment == each.key]

  dynamic "ingress" {
    for_each = { 10 = 22, 20 = 3389 }
    content {
      rule_no    = tonumber(ingress.key)
      action     = "deny"
      protocol   = "tcp"
      cidr_block = "0.0.0.0/0"
      from_port  = ingress.value
      to_port    = ingress.value
    }
  }
  ingress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = each.value.cidr
    from_port  = 0
    to_port    = 0
  }
  dynamic "ingress" {
    for_each = local.elsewhere
    content {
      rule_no    = tonumber(ingress.key)
      action     = "deny"
      protocol   = "-1"
      cidr_block = ingress.value
      from_port  = 0
      to_port    = 0
    }
  }
  dynamic "ingress" {
    for_each = { 900 = "tcp", 910 = "udp" }
    content {
      rule_no    = tonumber(ingress.key)
      action     = "allow"
      protocol   = ingress.value
      cidr_block = "0.0.0.0/0"
      from_port  = 1024
      to_port    = 65535
    }
  }
  egress {
    rule_no    = 100
    action     = "allow"
    protocol   = "-1"
    cidr_block = each.value.cidr
    from_port  = 0
    to_port    = 0
  }
  dynamic "egress" {
    for_each = local.elsewhere
    content {
      rule_no    = tonumber(egress.key)
      action     = "deny"
      protocol   = "-1"
      cidr_block = egress.value
      from_port  = 0
      to_port    = 0
    }
  }
  egress {
    rule_no    = 900
    action     = "allow"
    protocol   = "-1"
    cidr_block = "0.0.0.0/0"
    from_port  = 0
    to_port    = 0
  }
}

resource "aws_route_table" "public" {
  for_each = local.open
  vpc_id   = aws_vpc.this[each.key].id
}

resource "aws_route" "internet" {
  for_each               = aws_route_table.public
  route_table_id         = each.value.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[each.key].id
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public[local.public[each.key].segment].id
}

resource "aws_eip" "nat" {
  for_each = local.public
  domain   = "vpc"
}

resource "aws_nat_gateway" "this" {
  for_each      = aws_subnet.public
  subnet_id     = each.value.id
  allocation_id = aws_eip.nat[each.key].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "private" {
  for_each = local.public
  vpc_id   = aws_vpc.this[each.value.segment].id
}

resource "aws_route" "nat" {
  for_each               = aws_route_table.private
  route_table_id         = each.value.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.key].id
}

resource "aws_route_table_association" "private" {
  for_each       = aws_route_table.private
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = each.value.id
}

# The baseline of the account.

resource "aws_account_alternate_contact" "security" {
  alternate_contact_type = "SECURITY"
  name                   = "Security"
  title                  = "Security team"
  email_address          = "security@example.com"
  phone_number           = "+49 30 1234567"
}

# No aws_s3_account_public_access_block: its endpoint has the account in front of the host name, which loopback has not.

resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  require_uppercase_characters   = true
  allow_users_to_change_password = true
  password_reuse_prevention      = 24
}

resource "aws_kms_key" "ebs" {
  description             = "EBS volumes"
  enable_key_rotation     = true
  rotation_period_in_days = 365
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.ebs_key.json
}

resource "aws_kms_alias" "ebs" {
  name          = "alias/ebs"
  target_key_id = aws_kms_key.ebs.key_id
}

resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_ebs_default_kms_key" "this" {
  key_arn = aws_kms_key.ebs.arn
}

resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 1
}

resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = "gabion-account"
}
