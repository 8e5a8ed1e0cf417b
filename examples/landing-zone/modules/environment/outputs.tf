output "account_id" {
  description = "Id of the account."
  value       = gabion_account.this.account_id
}

output "segments" {
  description = "The networks, by tier: id of the VPC, and the private subnets in the order of the zones."
  value = {
    for tier, segment in gabion_network_segment.this : tier => {
      id                   = segment.id
      private_subnet_ids   = segment.private_subnet_ids
      private_subnet_cidrs = segment.private_subnet_cidrs
    }
  }
}

output "key_arns" {
  description = "ARNs of the keys, by tier."
  value       = { for tier, key in gabion_kms_key.this : tier => key.arn }
}

output "role_arns" {
  description = "ARNs of the roles, by name."
  value       = { for name, role in gabion_workload_role.this : name => role.arn }
}
