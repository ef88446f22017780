# Written by tests/contracts/write_refusals.py from the contract of terraform-aws-modules/vpc/aws 5.21.0: outputs of
# what this stand-in does not make.

output "vpc_ipv6_association_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "vpc_ipv6_cidr_block" {
  description = "Not made by this stand-in."
  value       = null
}

output "vpc_secondary_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "vpc_block_public_access_exclusions" {
  description = "Not made by this stand-in."
  value       = {}
}

output "dhcp_options_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "public_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "public_internet_gateway_ipv6_route_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "public_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "public_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "private_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "private_ipv6_egress_route_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "private_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "private_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "outpost_subnet_objects" {
  description = "Not made by this stand-in."
  value       = []
}

output "outpost_subnets" {
  description = "Not made by this stand-in."
  value       = []
}

output "outpost_subnet_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "outpost_subnets_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "outpost_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "outpost_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "outpost_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_subnet_objects" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_subnets" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_subnet_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_subnets_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_subnet_group" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_subnet_group_name" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_route_table_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_internet_gateway_route_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_nat_gateway_route_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_ipv6_egress_route_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_route_table_association_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "database_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "database_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "redshift_subnet_objects" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_subnets" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_subnet_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_subnets_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_subnet_group" {
  description = "Not made by this stand-in."
  value       = null
}

output "redshift_route_table_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_route_table_association_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_public_route_table_association_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "redshift_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "redshift_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "elasticache_subnet_objects" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_subnets" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_subnet_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_subnets_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_subnet_group" {
  description = "Not made by this stand-in."
  value       = null
}

output "elasticache_subnet_group_name" {
  description = "Not made by this stand-in."
  value       = null
}

output "elasticache_route_table_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_route_table_association_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "elasticache_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "elasticache_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "intra_subnet_objects" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_subnets" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_subnet_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_subnets_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_subnets_ipv6_cidr_blocks" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_route_table_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_route_table_association_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "intra_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "intra_network_acl_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "egress_only_internet_gateway_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "cgw_ids" {
  description = "Not made by this stand-in."
  value       = []
}

output "cgw_arns" {
  description = "Not made by this stand-in."
  value       = []
}

output "this_customer_gateway" {
  description = "Not made by this stand-in."
  value       = {}
}

output "vgw_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "vgw_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_cidr_block" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_default_security_group_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_default_network_acl_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_default_route_table_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_instance_tenancy" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_enable_dns_support" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_enable_dns_hostnames" {
  description = "Not made by this stand-in."
  value       = null
}

output "default_vpc_main_route_table_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "vpc_flow_log_deliver_cross_account_role" {
  description = "Not made by this stand-in."
  value       = null
}
