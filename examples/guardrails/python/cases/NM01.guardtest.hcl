settings = { systems = ["shop", "billing"] }

case "a name as it should be" {
  rule  = "NM01"
  type  = "aws_sqs_queue"
  after = { name = "shop-new-orders-prod" }
  expect {
    verdict = "pass"
  }
}

case "capitals are mended" {
  rule  = "NM01"
  type  = "gabion_kms_key"
  after = { name = "shop-Orders-prod" }
  expect {
    verdict = "violation"
    path    = "name"
    message = "it has capitals"
  }
}

case "no system and no environment" {
  rule  = "NM01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs" }
  expect {
    verdict = "violation"
    path    = "bucket"
    message = "it begins with no system (shop, billing); it ends with no environment (dev, test, prod)"
  }
}

case "a name that the provider makes up" {
  rule  = "NM01"
  type  = "aws_s3_bucket"
  after = { bucket = computed() }
  expect {
    verdict = "pass"
  }
}

case "a name that is not known yet is decided at apply" {
  rule  = "NM01"
  type  = "aws_db_instance"
  after = { identifier = unknown() }
  expect {
    verdict = "undetermined"
    path    = "identifier"
  }
}

case "a queue that goes away" {
  rule   = "NM01"
  type   = "aws_sqs_queue"
  before = { name = "x" }
  expect {
    verdict = "not_applicable"
  }
}
