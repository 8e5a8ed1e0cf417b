# By name or ARN. An ARN says the account, too.
terraform import gabion_workload_role.orders orders
terraform import gabion_workload_role.orders arn:aws:iam::111122223333:role/orders
