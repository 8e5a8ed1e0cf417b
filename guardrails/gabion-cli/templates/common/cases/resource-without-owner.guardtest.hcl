# What the rule makes of a change, case by case: `gabion test` runs them.

case "a key with an owner" {
  rule  = "AC01"
  type  = "gabion_kms_key"
  after = { tags = { owner = "team-logs" } }
  expect { verdict = "pass" }
}

case "a key without an owner" {
  rule  = "AC01"
  type  = "gabion_kms_key"
  after = { tags = { purpose = "logs" } }
  expect {
    verdict = "violation"
    path    = "tags"
    message = "no tag `owner`"
  }
}

case "a bucket without any tags" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = null }
  expect {
    verdict = "violation"
    path    = "tags"
  }
}

case "an owner that is not known yet" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = { owner = unknown() } }
  expect {
    verdict = "undetermined"
    path    = "tags.owner"
  }
}

case "a bucket that goes away" {
  rule   = "AC01"
  type   = "aws_s3_bucket"
  before = { bucket = "logs", tags = null }
  expect { verdict = "not_applicable" }
}
