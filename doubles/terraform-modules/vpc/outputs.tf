# What this stub module has. All other outputs of the official module (contract.json) are empty.

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "vpc_arn" {
  description = "ARN of the VPC."
  value       = aws_vpc.this.arn
}

output "vpc_cidr_block" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "vpc_owner_id" {
  description = "Account of the VPC."
  value       = aws_vpc.this.owner_id
}

output "vpc_instance_tenancy" {
  description = "Tenancy of instances."
  value       = aws_vpc.this.instance_tenancy
}

output "vpc_enable_dns_support" {
  description = "Whether the VPC has a resolver."
  value       = aws_vpc.this.enable_dns_support
}

output "vpc_enable_dns_hostnames" {
  description = "Whether instances get DNS names."
  value       = aws_vpc.this.enable_dns_hostnames
}

output "vpc_main_route_table_id" {
  description = "Main route table."
  value       = aws_vpc.this.main_route_table_id
}

output "default_security_group_id" {
  description = "Group that AWS makes with a VPC."
  value       = aws_vpc.this.default_security_group_id
}

output "default_network_acl_id" {
  description = "Network ACL that AWS makes with a VPC."
  value       = aws_vpc.this.default_network_acl_id
}

output "default_route_table_id" {
  description = "Route table that AWS makes with a VPC."
  value       = aws_vpc.this.default_route_table_id
}

output "igw_id" {
  description = "Internet gateway."
  value       = one(aws_internet_gateway.this[*].id)
}

output "igw_arn" {
  description = "ARN of the internet gateway."
  value       = one(aws_internet_gateway.this[*].arn)
}

output "public_subnet_objects" {
  description = "Public subnets, whole."
  value       = aws_subnet.public
}

output "public_subnets" {
  description = "Public subnets."
  value       = aws_subnet.public[*].id
}

output "public_subnet_arns" {
  description = "ARNs of the public subnets."
  value       = aws_subnet.public[*].arn
}

output "public_subnets_cidr_blocks" {
  description = "Ranges of the public subnets."
  value       = compact(aws_subnet.public[*].cidr_block)
}

output "public_route_table_ids" {
  description = "Route tables of the public subnets."
  value       = aws_route_table.public[*].id
}

output "public_internet_gateway_route_id" {
  description = "Route to the internet gateway."
  value       = one(aws_route.public_internet_gateway[*].id)
}

output "public_route_table_association_ids" {
  description = "Associations of the public subnets."
  value       = aws_route_table_association.public[*].id
}

output "private_subnet_objects" {
  description = "Private subnets, whole."
  value       = aws_subnet.private
}

output "private_subnets" {
  description = "Private subnets."
  value       = aws_subnet.private[*].id
}

output "private_subnet_arns" {
  description = "ARNs of the private subnets."
  value       = aws_subnet.private[*].arn
}

output "private_subnets_cidr_blocks" {
  description = "Ranges of the private subnets."
  value       = compact(aws_subnet.private[*].cidr_block)
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets."
  value       = aws_route_table.private[*].id
}

output "private_nat_gateway_route_ids" {
  description = "Routes to the NAT gateways."
  value       = aws_route.private_nat_gateway[*].id
}

output "private_route_table_association_ids" {
  description = "Associations of the private subnets."
  value       = aws_route_table_association.private[*].id
}

output "nat_ids" {
  description = "Allocations of the NAT gateways' addresses."
  value       = aws_eip.nat[*].id
}

output "nat_public_ips" {
  description = "Public addresses of the NAT gateways."
  value       = aws_eip.nat[*].public_ip
}

output "natgw_ids" {
  description = "NAT gateways."
  value       = aws_nat_gateway.this[*].id
}

output "natgw_interface_ids" {
  description = "Network interfaces of the NAT gateways."
  value       = aws_nat_gateway.this[*].network_interface_id
}

output "vpc_flow_log_id" {
  description = "Flow log."
  value       = one(aws_flow_log.this[*].id)
}

output "vpc_flow_log_destination_arn" {
  description = "Where the flow log goes."
  value       = one(aws_cloudwatch_log_group.flow_log[*].arn)
}

output "vpc_flow_log_destination_type" {
  description = "What kind of place that is."
  value       = "cloud-watch-logs"
}

output "vpc_flow_log_cloudwatch_iam_role_arn" {
  description = "Role that writes the flow log."
  value       = one(aws_iam_role.flow_log[*].arn)
}

output "azs" {
  description = "Zones."
  value       = var.azs
}

output "name" {
  description = "Prefix of all names."
  value       = var.name
}
