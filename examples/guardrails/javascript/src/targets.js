// The types that the rules judge: what costs money, and what holds data.

const AWS = ["aws_s3_bucket", "aws_instance", "aws_db_instance", "aws_dynamodb_table", "aws_lambda_function", "aws_sqs_queue"];

export const targets = [
  ...AWS.map((type) => ({ type, provider: "hashicorp/aws", versions: ">= 5.0, < 7.0" })),
  { type: "gabion_kms_key", provider: "gabion/gabion", versions: ">= 0.1" },
];
