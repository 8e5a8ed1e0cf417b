settings = { systems = ["shop"] }

case "a table that says its tier" {
  rule  = "NM02"
  type  = "aws_dynamodb_table"
  after = { name = "shop-orders-prod", tags = { data-tier = "confidential" } }
  expect {
    verdict = "pass"
  }
}

case "a bucket that does not" {
  rule  = "NM02"
  type  = "aws_s3_bucket"
  after = { bucket = "shop-logs-dev", tags = {} }
  expect {
    verdict = "violation"
    path    = "tags"
    message = "`data-tier` is missing"
  }
}

case "a tier that does not exist" {
  rule  = "NM02"
  type  = "aws_s3_bucket"
  after = { bucket = "shop-logs-dev", tags = { data-tier = "secret" } }
  expect {
    verdict = "violation"
    path    = "tags.data-tier"
  }
}

case "public data in production" {
  rule  = "NM02"
  type  = "aws_db_instance"
  after = { identifier = "shop-orders-prod", tags = { data-tier = "public" } }
  expect {
    verdict = "violation"
    message = "data in production is not `public`"
  }
}

case "public data elsewhere" {
  rule  = "NM02"
  type  = "aws_db_instance"
  after = { identifier = "shop-orders-dev", tags = { data-tier = "public" } }
  expect {
    verdict = "pass"
  }
}

case "a tier that is not known yet" {
  rule  = "NM02"
  type  = "aws_s3_bucket"
  after = { bucket = "shop-logs-dev", tags = { data-tier = unknown() } }
  expect {
    verdict = "undetermined"
    path    = "tags.data-tier"
  }
}

case "a table that goes away" {
  rule   = "NM02"
  type   = "aws_dynamodb_table"
  before = { name = "x" }
  expect {
    verdict = "not_applicable"
  }
}
