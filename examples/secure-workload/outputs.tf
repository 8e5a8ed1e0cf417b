output "private_subnet_ids" {
  description = "The subnets to run in, in the order of the zones."
  value       = gabion_network_segment.this.private_subnet_ids
}

output "task_role_arn" {
  description = "ARN of the role that the service runs as."
  value       = gabion_workload_role.task.arn
}

output "execution_role_arn" {
  description = "ARN of the role by which ECS starts the tasks: `executionRoleArn` of the task definition."
  value       = gabion_workload_role.execution.arn
}

output "deploy_role_arn" {
  description = "ARN of the role that the pipeline deploys as."
  value       = gabion_workload_role.deploy.arn
}

output "kms_key_arn" {
  description = "ARN of the key for the service's data."
  value       = gabion_kms_key.this.arn
}
