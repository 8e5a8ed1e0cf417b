settings = {
  allowed_regions           = ["eu-*"]
  allowed_instance_families = ["m7g", "t4g"]
}

case "an instance of an allowed family" {
  rule  = "PL02"
  type  = "aws_instance"
  after = { instance_type = "m7g.large" }
  expect {
    verdict = "pass"
  }
}

case "a family whose name only begins like an allowed one" {
  rule  = "PL02"
  type  = "aws_instance"
  after = { instance_type = "m7gd.large" }
  expect {
    verdict = "violation"
    path    = "instance_type"
    message = "`m7gd` are not allowed"
  }
}

case "a launch template" {
  rule  = "PL02"
  type  = "aws_launch_template"
  after = { instance_type = "x2idn.32xlarge" }
  expect {
    verdict = "violation"
    path    = "instance_type"
  }
}

case "a database of an allowed family" {
  rule  = "PL02"
  type  = "aws_db_instance"
  after = { instance_class = "db.t4g.micro" }
  expect {
    verdict = "pass"
  }
}

case "a database of another family" {
  rule  = "PL02"
  type  = "aws_db_instance"
  after = { instance_class = "db.r6i.large" }
  expect {
    verdict = "violation"
    path    = "instance_class"
  }
}

case "a type that is not known yet is decided at apply" {
  rule  = "PL02"
  type  = "aws_instance"
  after = { instance_type = unknown() }
  expect {
    verdict = "undetermined"
    path    = "instance_type"
  }
}

case "the launch template says it" {
  rule  = "PL02"
  type  = "aws_instance"
  after = { launch_template = [{ name = "app" }] }
  expect {
    verdict = "not_applicable"
  }
}

case "all families are allowed where none is named" {
  rule     = "PL02"
  type     = "aws_instance"
  settings = { allowed_regions = ["eu-*"] }
  after    = { instance_type = "x2idn.32xlarge" }
  expect {
    verdict = "not_applicable"
  }
}
