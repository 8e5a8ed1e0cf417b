settings = {
  allowed_owners       = ["team-orders", "team-logs"]
  allowed_cost_centres = ["4711"]
}

case "a queue with an owner" {
  rule  = "TG01"
  type  = "aws_sqs_queue"
  after = { name = "orders", tags = { owner = "team-orders" } }
  expect {
    verdict = "pass"
  }
}

case "an owner from the provider's default tags" {
  rule                   = "TG01"
  type                   = "aws_sqs_queue"
  provider_configuration = { default_tags = [{ tags = { owner = "team-logs" } }] }
  after                  = { name = "orders", tags = null }
  expect {
    verdict = "pass"
  }
}

case "a bucket that nobody owns" {
  rule                   = "TG01"
  type                   = "aws_s3_bucket"
  provider_configuration = { default_tags = [] }
  after                  = { bucket = "logs", tags = { cost-centre = "4711" } }
  expect {
    verdict = "violation"
    path    = "tags"
    message = "`owner` is missing"
  }
}

case "an owner that does not exist" {
  rule  = "TG01"
  type  = "aws_instance"
  after = { tags = { owner = "me" } }
  expect {
    verdict = "violation"
    path    = "tags.owner"
    message = "allowed are `team-orders`, `team-logs`"
  }
}

case "an owner that is not known yet is decided at apply" {
  rule  = "TG01"
  type  = "aws_instance"
  after = { tags = { owner = unknown() } }
  expect {
    verdict = "undetermined"
    path    = "tags.owner"
  }
}

case "a queue that goes away needs no owner" {
  rule   = "TG01"
  type   = "aws_sqs_queue"
  before = { name = "orders", tags = null }
  expect {
    verdict = "not_applicable"
  }
}
