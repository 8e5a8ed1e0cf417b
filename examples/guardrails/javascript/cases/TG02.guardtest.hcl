settings = { allowed_cost_centres = ["4711"] }

case "a cost centre that is in use" {
  rule  = "TG02"
  type  = "gabion_kms_key"
  after = { tags = { cost-centre = "4711" } }
  expect {
    verdict = "pass"
  }
}

case "an empty tag is none" {
  rule  = "TG02"
  type  = "aws_dynamodb_table"
  after = { name = "orders", tags = { cost-centre = " " } }
  expect {
    verdict = "violation"
    path    = "tags"
  }
}

case "a cost centre that was closed" {
  rule  = "TG02"
  type  = "aws_db_instance"
  after = { tags = { cost-centre = "1000" } }
  expect {
    verdict = "violation"
    path    = "tags.cost-centre"
    message = "is no cost-centre"
  }
}

case "all tags are not known yet" {
  rule  = "TG02"
  type  = "aws_lambda_function"
  after = { tags = unknown() }
  expect {
    verdict = "undetermined"
  }
}

case "a data source has no cost centre" {
  rule      = "TG02"
  type      = "aws_s3_bucket"
  operation = "read"
  after     = { bucket = "logs" }
  expect {
    verdict = "not_applicable"
  }
}
