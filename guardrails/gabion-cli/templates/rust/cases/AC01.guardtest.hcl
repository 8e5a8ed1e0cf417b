case "a bucket with an owner passes" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = { owner = "payments" } }
  expect {
    verdict = "pass"
  }
}

case "a bucket without the tag is refused" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = { team = "payments" } }
  expect {
    verdict = "violation"
    path    = "tags.owner"
    message = "is missing"
  }
}

case "a bucket without any tags is refused" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs" }
  expect {
    verdict = "violation"
  }
}

case "an empty tag is refused" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = { owner = " " } }
  expect {
    verdict = "violation"
    message = "is empty"
  }
}

case "an owner that is not known yet is decided at apply" {
  rule  = "AC01"
  type  = "aws_s3_bucket"
  after = { bucket = "logs", tags = { owner = unknown() } }
  expect {
    verdict = "undetermined"
    path    = "tags.owner"
  }
}

case "a bucket that goes away needs no owner" {
  rule   = "AC01"
  type   = "aws_s3_bucket"
  before = { bucket = "logs" }
  expect {
    verdict = "not_applicable"
  }
}
