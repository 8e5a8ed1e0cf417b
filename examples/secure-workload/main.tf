terraform {
  required_version = ">= 1.11"

  required_providers {
    gabion = {
      source  = "gabion/gabion"
      version = ">= 0.1"
    }
  }
}

provider "gabion" {
  region = var.region

  default_tags {
    tags = { service = var.name }
  }
}

locals {
  here       = "${var.region}:${var.account_id}"
  repository = "arn:aws:ecr:${local.here}:repository/${var.name}"
}

# A closed network: nothing in, and nothing out but to the AWS services that are named.
resource "gabion_network_segment" "this" {
  account_id          = var.account_id
  name                = var.name
  cidr_block          = var.cidr_block
  environment         = var.environment
  data_tier           = var.data_tier
  egress              = "aws_only"
  interface_endpoints = ["ecr.api", "ecr.dkr", "kms", "logs", "ssm"]
  log_destination     = var.log_destination
}

# What the service runs as: only tasks of this account and region get it.
resource "gabion_workload_role" "task" {
  account_id           = var.account_id
  name                 = "${var.name}-task"
  principal_kind       = "service"
  permissions_boundary = var.permissions_boundary

  service = {
    principal   = "ecs-tasks.amazonaws.com"
    source_arns = ["arn:aws:ecs:${local.here}:*"]
  }

  statement {
    sid       = "ReadOwnParameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["arn:aws:ssm:${local.here}:parameter/${var.name}/*"]
  }
}

# By which ECS starts the tasks: it fetches the image and opens the log, and the service's own code never has it.
resource "gabion_workload_role" "execution" {
  account_id           = var.account_id
  name                 = "${var.name}-execution"
  principal_kind       = "service"
  permissions_boundary = var.permissions_boundary

  service = {
    principal   = "ecs-tasks.amazonaws.com"
    source_arns = ["arn:aws:ecs:${local.here}:*"]
  }

  statement {
    sid       = "SignInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # AWS knows no narrower one
  }

  statement {
    sid       = "PullOwnImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.repository]
  }

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${local.here}:log-group:/ecs/${var.name}:*"]
  }
}

# What the pipeline deploys as: one repository, one branch, no keys to leak.
resource "gabion_workload_role" "deploy" {
  account_id           = var.account_id
  name                 = "${var.name}-deploy"
  principal_kind       = "workload"
  permissions_boundary = var.deploy_permissions_boundary

  workload = {
    provider = "https://token.actions.githubusercontent.com"
    subjects = ["repo:${var.repository}:ref:refs/heads/${var.branch}"]
  }

  statement {
    sid       = "SignInAndDescribe"
    actions   = ["ecr:GetAuthorizationToken", "ecs:RegisterTaskDefinition", "ecs:DescribeTaskDefinition"]
    resources = ["*"] # AWS knows no narrower one
  }

  statement {
    sid = "PushOwnImage"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [local.repository]
  }

  statement {
    sid       = "DeployOwnServices"
    actions   = ["ecs:UpdateService", "ecs:DescribeServices"]
    resources = ["arn:aws:ecs:${local.here}:service/${var.name}/*"]
  }

  # A new task definition names the two roles, and hands them to ECS and to nobody else.
  statement {
    sid       = "HandOverOwnRoles"
    actions   = ["iam:PassRole"]
    resources = [gabion_workload_role.task.arn, gabion_workload_role.execution.arn]

    conditions = [{
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }]
  }
}

# The service uses the key, and the pipeline does not.
resource "gabion_kms_key" "this" {
  account_id          = var.account_id
  alias               = var.name
  description         = "Encrypts the data of ${var.name}."
  users               = [gabion_workload_role.task.arn]
  deletion_protection = var.deletion_protection
}
