settings = {
  allowed_regions = ["eu-central-1", "eu-west-*"]
}

case "a bucket in an allowed region" {
  rule                   = "PL01"
  type                   = "aws_s3_bucket"
  provider_configuration = { region = "eu-central-1" }
  after                  = { bucket = "logs", region = computed() }
  expect {
    verdict = "pass"
  }
}

case "a region that a pattern allows" {
  rule                   = "PL01"
  type                   = "aws_sqs_queue"
  provider_configuration = { region = "eu-west-3" }
  after                  = { name = "orders" }
  expect {
    verdict = "pass"
  }
}

case "a bucket in another region is refused" {
  rule                   = "PL01"
  type                   = "aws_s3_bucket"
  provider_configuration = { region = "us-east-1" }
  after                  = { bucket = "logs" }
  expect {
    verdict = "violation"
    path    = "region"
    message = "not allowed"
  }
}

case "the resource's own region counts" {
  rule                   = "PL01"
  type                   = "aws_kms_key"
  provider_configuration = { region = "eu-central-1" }
  after                  = { region = "us-east-1" }
  expect {
    verdict = "violation"
    path    = "region"
  }
}

case "a region that is not known yet is decided at apply" {
  rule                   = "PL01"
  type                   = "aws_instance"
  provider_configuration = { region = "eu-central-1" }
  after                  = { region = unknown() }
  expect {
    verdict = "undetermined"
    path    = "region"
  }
}

case "the environment names the region" {
  rule  = "PL01"
  type  = "aws_instance"
  after = { ami = "ami-0123456789abcdef0" }
  expect {
    verdict = "undetermined"
  }
}

case "a bucket that goes away may be anywhere" {
  rule                   = "PL01"
  type                   = "aws_s3_bucket"
  provider_configuration = { region = "us-east-1" }
  before                 = { bucket = "logs" }
  expect {
    verdict = "not_applicable"
  }
}
