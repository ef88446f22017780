# Written by tests/contracts/write_refusals.py from the contract of terraform-aws-modules/vpc/aws 5.21.0: arguments
# that this stand-in does not implement. Each is known, so that a caller needs no other text, and refused when it is used.

variable "create_vpc" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_vpc == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_vpc: leave it out, or run where the official module can be had."
  }
}

variable "secondary_cidr_blocks" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.secondary_cidr_blocks) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement secondary_cidr_blocks: leave it out, or run where the official module can be had."
  }
}

variable "instance_tenancy" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "default"

  validation {
    condition     = var.instance_tenancy == "default"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement instance_tenancy: leave it out, or run where the official module can be had."
  }
}

variable "enable_network_address_usage_metrics" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = null

  validation {
    condition     = var.enable_network_address_usage_metrics == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement enable_network_address_usage_metrics: leave it out, or run where the official module can be had."
  }
}

variable "use_ipam_pool" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.use_ipam_pool == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement use_ipam_pool: leave it out, or run where the official module can be had."
  }
}

variable "ipv4_ipam_pool_id" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.ipv4_ipam_pool_id == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv4_ipam_pool_id: leave it out, or run where the official module can be had."
  }
}

variable "ipv4_netmask_length" {
  description = "Not implemented by this stand-in."
  type        = number
  default     = null

  validation {
    condition     = var.ipv4_netmask_length == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv4_netmask_length: leave it out, or run where the official module can be had."
  }
}

variable "enable_ipv6" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_ipv6 == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement enable_ipv6: leave it out, or run where the official module can be had."
  }
}

variable "ipv6_cidr" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.ipv6_cidr == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv6_cidr: leave it out, or run where the official module can be had."
  }
}

variable "ipv6_ipam_pool_id" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.ipv6_ipam_pool_id == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv6_ipam_pool_id: leave it out, or run where the official module can be had."
  }
}

variable "ipv6_netmask_length" {
  description = "Not implemented by this stand-in."
  type        = number
  default     = null

  validation {
    condition     = var.ipv6_netmask_length == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv6_netmask_length: leave it out, or run where the official module can be had."
  }
}

variable "ipv6_cidr_block_network_border_group" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.ipv6_cidr_block_network_border_group == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement ipv6_cidr_block_network_border_group: leave it out, or run where the official module can be had."
  }
}

variable "vpc_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.vpc_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_tags: leave it out, or run where the official module can be had."
  }
}

variable "vpc_block_public_access_options" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.vpc_block_public_access_options) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_block_public_access_options: leave it out, or run where the official module can be had."
  }
}

variable "vpc_block_public_access_exclusions" {
  description = "Not implemented by this stand-in."
  type        = map(any)
  default     = {}

  validation {
    condition     = try(length(var.vpc_block_public_access_exclusions) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_block_public_access_exclusions: leave it out, or run where the official module can be had."
  }
}

variable "enable_dhcp_options" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_dhcp_options == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement enable_dhcp_options: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_domain_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.dhcp_options_domain_name == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_domain_name: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_domain_name_servers" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default = [
    "AmazonProvidedDNS"
  ]

  validation {
    condition     = jsonencode(var.dhcp_options_domain_name_servers) == jsonencode(["AmazonProvidedDNS"])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_domain_name_servers: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_ntp_servers" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.dhcp_options_ntp_servers) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_ntp_servers: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_netbios_name_servers" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.dhcp_options_netbios_name_servers) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_netbios_name_servers: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_netbios_node_type" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.dhcp_options_netbios_node_type == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_netbios_node_type: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_ipv6_address_preferred_lease_time" {
  description = "Not implemented by this stand-in."
  type        = number
  default     = null

  validation {
    condition     = var.dhcp_options_ipv6_address_preferred_lease_time == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_ipv6_address_preferred_lease_time: leave it out, or run where the official module can be had."
  }
}

variable "dhcp_options_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.dhcp_options_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement dhcp_options_tags: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.public_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.public_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.public_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.public_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "create_multiple_public_route_tables" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_multiple_public_route_tables == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_multiple_public_route_tables: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.public_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.public_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "map_public_ip_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.map_public_ip_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement map_public_ip_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.public_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.public_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "public"

  validation {
    condition     = var.public_subnet_suffix == "public"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "public_subnet_tags_per_az" {
  description = "Not implemented by this stand-in."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = try(length(var.public_subnet_tags_per_az) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_subnet_tags_per_az: leave it out, or run where the official module can be had."
  }
}

variable "public_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.public_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "public_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.public_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "public_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.public_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "public_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.public_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "public_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.public_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement public_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.private_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.private_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.private_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.private_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.private_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.private_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.private_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.private_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "private"

  validation {
    condition     = var.private_subnet_suffix == "private"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "create_private_nat_gateway_route" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_private_nat_gateway_route == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_private_nat_gateway_route: leave it out, or run where the official module can be had."
  }
}

variable "private_subnet_tags_per_az" {
  description = "Not implemented by this stand-in."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = try(length(var.private_subnet_tags_per_az) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_subnet_tags_per_az: leave it out, or run where the official module can be had."
  }
}

variable "private_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.private_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "private_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.private_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "private_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.private_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "private_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.private_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "private_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.private_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement private_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "database_subnets" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.database_subnets) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnets: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.database_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.database_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.database_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.database_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.database_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.database_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.database_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.database_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "db"

  validation {
    condition     = var.database_subnet_suffix == "db"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "create_database_subnet_route_table" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_database_subnet_route_table == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_database_subnet_route_table: leave it out, or run where the official module can be had."
  }
}

variable "create_database_internet_gateway_route" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_database_internet_gateway_route == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_database_internet_gateway_route: leave it out, or run where the official module can be had."
  }
}

variable "create_database_nat_gateway_route" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_database_nat_gateway_route == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_database_nat_gateway_route: leave it out, or run where the official module can be had."
  }
}

variable "database_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.database_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.database_subnet_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_database_subnet_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_database_subnet_group == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_database_subnet_group: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.database_subnet_group_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_group_name: leave it out, or run where the official module can be had."
  }
}

variable "database_subnet_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.database_subnet_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_subnet_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "database_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.database_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "database_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.database_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "database_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.database_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "database_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.database_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement database_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnets" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.redshift_subnets) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnets: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.redshift_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.redshift_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.redshift_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.redshift_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.redshift_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.redshift_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.redshift_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.redshift_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "redshift"

  validation {
    condition     = var.redshift_subnet_suffix == "redshift"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "enable_public_redshift" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_public_redshift == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement enable_public_redshift: leave it out, or run where the official module can be had."
  }
}

variable "create_redshift_subnet_route_table" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_redshift_subnet_route_table == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_redshift_subnet_route_table: leave it out, or run where the official module can be had."
  }
}

variable "redshift_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.redshift_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.redshift_subnet_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_redshift_subnet_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_redshift_subnet_group == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_redshift_subnet_group: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.redshift_subnet_group_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_group_name: leave it out, or run where the official module can be had."
  }
}

variable "redshift_subnet_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.redshift_subnet_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_subnet_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "redshift_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.redshift_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "redshift_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.redshift_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "redshift_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.redshift_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "redshift_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.redshift_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement redshift_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnets" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.elasticache_subnets) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnets: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.elasticache_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.elasticache_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.elasticache_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.elasticache_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.elasticache_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.elasticache_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.elasticache_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.elasticache_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "elasticache"

  validation {
    condition     = var.elasticache_subnet_suffix == "elasticache"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.elasticache_subnet_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_elasticache_subnet_route_table" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_elasticache_subnet_route_table == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_elasticache_subnet_route_table: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.elasticache_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_elasticache_subnet_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_elasticache_subnet_group == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_elasticache_subnet_group: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.elasticache_subnet_group_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_group_name: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_subnet_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.elasticache_subnet_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_subnet_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.elasticache_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.elasticache_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.elasticache_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "elasticache_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.elasticache_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement elasticache_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnets" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.intra_subnets) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnets: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.intra_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.intra_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.intra_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.intra_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "create_multiple_intra_route_tables" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_multiple_intra_route_tables == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_multiple_intra_route_tables: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.intra_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.intra_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.intra_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.intra_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "intra"

  validation {
    condition     = var.intra_subnet_suffix == "intra"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "intra_subnet_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.intra_subnet_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_subnet_tags: leave it out, or run where the official module can be had."
  }
}

variable "intra_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.intra_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "intra_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.intra_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "intra_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.intra_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "intra_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.intra_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "intra_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.intra_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement intra_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnets" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.outpost_subnets) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnets: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_assign_ipv6_address_on_creation" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.outpost_subnet_assign_ipv6_address_on_creation == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_assign_ipv6_address_on_creation: leave it out, or run where the official module can be had."
  }
}

variable "outpost_az" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.outpost_az == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_az: leave it out, or run where the official module can be had."
  }
}

variable "customer_owned_ipv4_pool" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.customer_owned_ipv4_pool == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement customer_owned_ipv4_pool: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_enable_dns64" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.outpost_subnet_enable_dns64 == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_enable_dns64: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_enable_resource_name_dns_aaaa_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.outpost_subnet_enable_resource_name_dns_aaaa_record_on_launch == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_enable_resource_name_dns_aaaa_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_enable_resource_name_dns_a_record_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.outpost_subnet_enable_resource_name_dns_a_record_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_enable_resource_name_dns_a_record_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_ipv6_prefixes" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.outpost_subnet_ipv6_prefixes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_ipv6_prefixes: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_ipv6_native" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.outpost_subnet_ipv6_native == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_ipv6_native: leave it out, or run where the official module can be had."
  }
}

variable "map_customer_owned_ip_on_launch" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.map_customer_owned_ip_on_launch == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement map_customer_owned_ip_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "outpost_arn" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.outpost_arn == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_arn: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_private_dns_hostname_type_on_launch" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.outpost_subnet_private_dns_hostname_type_on_launch == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_private_dns_hostname_type_on_launch: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_names" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.outpost_subnet_names) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_names: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "outpost"

  validation {
    condition     = var.outpost_subnet_suffix == "outpost"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_suffix: leave it out, or run where the official module can be had."
  }
}

variable "outpost_subnet_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.outpost_subnet_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_subnet_tags: leave it out, or run where the official module can be had."
  }
}

variable "outpost_dedicated_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.outpost_dedicated_network_acl == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_dedicated_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "outpost_inbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.outpost_inbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_inbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "outpost_outbound_acl_rules" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_number" : 100,
      "rule_action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    }
  ]

  validation {
    condition     = jsonencode(var.outpost_outbound_acl_rules) == jsonencode([{ "rule_number" : "100", "rule_action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_outbound_acl_rules: leave it out, or run where the official module can be had."
  }
}

variable "outpost_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.outpost_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement outpost_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_igw" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_igw == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_igw: leave it out, or run where the official module can be had."
  }
}

variable "create_egress_only_igw" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_egress_only_igw == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement create_egress_only_igw: leave it out, or run where the official module can be had."
  }
}

variable "igw_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.igw_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement igw_tags: leave it out, or run where the official module can be had."
  }
}

variable "nat_gateway_destination_cidr_block" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "0.0.0.0/0"

  validation {
    condition     = var.nat_gateway_destination_cidr_block == "0.0.0.0/0"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement nat_gateway_destination_cidr_block: leave it out, or run where the official module can be had."
  }
}

variable "reuse_nat_ips" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.reuse_nat_ips == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement reuse_nat_ips: leave it out, or run where the official module can be had."
  }
}

variable "external_nat_ip_ids" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.external_nat_ip_ids) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement external_nat_ip_ids: leave it out, or run where the official module can be had."
  }
}

variable "external_nat_ips" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.external_nat_ips) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement external_nat_ips: leave it out, or run where the official module can be had."
  }
}

variable "nat_gateway_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.nat_gateway_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement nat_gateway_tags: leave it out, or run where the official module can be had."
  }
}

variable "nat_eip_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.nat_eip_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement nat_eip_tags: leave it out, or run where the official module can be had."
  }
}

variable "customer_gateways" {
  description = "Not implemented by this stand-in."
  type        = map(map(any))
  default     = {}

  validation {
    condition     = try(length(var.customer_gateways) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement customer_gateways: leave it out, or run where the official module can be had."
  }
}

variable "customer_gateway_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.customer_gateway_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement customer_gateway_tags: leave it out, or run where the official module can be had."
  }
}

variable "enable_vpn_gateway" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_vpn_gateway == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement enable_vpn_gateway: leave it out, or run where the official module can be had."
  }
}

variable "vpn_gateway_id" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.vpn_gateway_id == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpn_gateway_id: leave it out, or run where the official module can be had."
  }
}

variable "amazon_side_asn" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "64512"

  validation {
    condition     = var.amazon_side_asn == "64512"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement amazon_side_asn: leave it out, or run where the official module can be had."
  }
}

variable "vpn_gateway_az" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.vpn_gateway_az == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpn_gateway_az: leave it out, or run where the official module can be had."
  }
}

variable "propagate_intra_route_tables_vgw" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.propagate_intra_route_tables_vgw == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement propagate_intra_route_tables_vgw: leave it out, or run where the official module can be had."
  }
}

variable "propagate_private_route_tables_vgw" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.propagate_private_route_tables_vgw == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement propagate_private_route_tables_vgw: leave it out, or run where the official module can be had."
  }
}

variable "propagate_public_route_tables_vgw" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.propagate_public_route_tables_vgw == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement propagate_public_route_tables_vgw: leave it out, or run where the official module can be had."
  }
}

variable "vpn_gateway_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.vpn_gateway_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpn_gateway_tags: leave it out, or run where the official module can be had."
  }
}

variable "manage_default_vpc" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.manage_default_vpc == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement manage_default_vpc: leave it out, or run where the official module can be had."
  }
}

variable "default_vpc_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.default_vpc_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_vpc_name: leave it out, or run where the official module can be had."
  }
}

variable "default_vpc_enable_dns_support" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.default_vpc_enable_dns_support == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_vpc_enable_dns_support: leave it out, or run where the official module can be had."
  }
}

variable "default_vpc_enable_dns_hostnames" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.default_vpc_enable_dns_hostnames == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_vpc_enable_dns_hostnames: leave it out, or run where the official module can be had."
  }
}

variable "default_vpc_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.default_vpc_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_vpc_tags: leave it out, or run where the official module can be had."
  }
}

variable "manage_default_security_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.manage_default_security_group == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement manage_default_security_group: leave it out, or run where the official module can be had."
  }
}

variable "default_security_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.default_security_group_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_security_group_name: leave it out, or run where the official module can be had."
  }
}

variable "default_security_group_ingress" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default     = []

  validation {
    condition     = try(length(var.default_security_group_ingress) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_security_group_ingress: leave it out, or run where the official module can be had."
  }
}

variable "default_security_group_egress" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default     = []

  validation {
    condition     = try(length(var.default_security_group_egress) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_security_group_egress: leave it out, or run where the official module can be had."
  }
}

variable "default_security_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.default_security_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_security_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "manage_default_network_acl" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.manage_default_network_acl == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement manage_default_network_acl: leave it out, or run where the official module can be had."
  }
}

variable "default_network_acl_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.default_network_acl_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_network_acl_name: leave it out, or run where the official module can be had."
  }
}

variable "default_network_acl_ingress" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_no" : 100,
      "action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    },
    {
      "rule_no" : 101,
      "action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "ipv6_cidr_block" : "::/0"
    }
  ]

  validation {
    condition     = jsonencode(var.default_network_acl_ingress) == jsonencode([{ "rule_no" : "100", "action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }, { "rule_no" : "101", "action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "ipv6_cidr_block" : "::/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_network_acl_ingress: leave it out, or run where the official module can be had."
  }
}

variable "default_network_acl_egress" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default = [
    {
      "rule_no" : 100,
      "action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "cidr_block" : "0.0.0.0/0"
    },
    {
      "rule_no" : 101,
      "action" : "allow",
      "from_port" : 0,
      "to_port" : 0,
      "protocol" : "-1",
      "ipv6_cidr_block" : "::/0"
    }
  ]

  validation {
    condition     = jsonencode(var.default_network_acl_egress) == jsonencode([{ "rule_no" : "100", "action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "cidr_block" : "0.0.0.0/0" }, { "rule_no" : "101", "action" : "allow", "from_port" : "0", "to_port" : "0", "protocol" : "-1", "ipv6_cidr_block" : "::/0" }])
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_network_acl_egress: leave it out, or run where the official module can be had."
  }
}

variable "default_network_acl_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.default_network_acl_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_network_acl_tags: leave it out, or run where the official module can be had."
  }
}

variable "manage_default_route_table" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.manage_default_route_table == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement manage_default_route_table: leave it out, or run where the official module can be had."
  }
}

variable "default_route_table_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.default_route_table_name == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_route_table_name: leave it out, or run where the official module can be had."
  }
}

variable "default_route_table_propagating_vgws" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.default_route_table_propagating_vgws) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_route_table_propagating_vgws: leave it out, or run where the official module can be had."
  }
}

variable "default_route_table_routes" {
  description = "Not implemented by this stand-in."
  type        = list(map(string))
  default     = []

  validation {
    condition     = try(length(var.default_route_table_routes) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_route_table_routes: leave it out, or run where the official module can be had."
  }
}

variable "default_route_table_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.default_route_table_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement default_route_table_tags: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_iam_role_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "vpc-flow-log-role"

  validation {
    condition     = var.vpc_flow_log_iam_role_name == "vpc-flow-log-role"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_iam_role_name: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_iam_role_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.vpc_flow_log_iam_role_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_iam_role_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_permissions_boundary" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.vpc_flow_log_permissions_boundary == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_permissions_boundary: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_iam_policy_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "vpc-flow-log-to-cloudwatch"

  validation {
    condition     = var.vpc_flow_log_iam_policy_name == "vpc-flow-log-to-cloudwatch"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_iam_policy_name: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_iam_policy_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.vpc_flow_log_iam_policy_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_iam_policy_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_destination_type" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "cloud-watch-logs"

  validation {
    condition     = var.flow_log_destination_type == "cloud-watch-logs"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_destination_type: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_log_format" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_log_format == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_log_format: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_destination_arn" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.flow_log_destination_arn == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_destination_arn: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_deliver_cross_account_role" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_deliver_cross_account_role == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_deliver_cross_account_role: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_file_format" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_file_format == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_file_format: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_hive_compatible_partitions" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.flow_log_hive_compatible_partitions == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_hive_compatible_partitions: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_per_hour_partition" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.flow_log_per_hour_partition == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_per_hour_partition: leave it out, or run where the official module can be had."
  }
}

variable "vpc_flow_log_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.vpc_flow_log_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement vpc_flow_log_tags: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_iam_role_conditions" {
  description = "Not implemented by this stand-in."
  type        = list(object({ test = string, variable = string, values = list(string) }))
  default     = []

  validation {
    condition     = try(length(var.flow_log_cloudwatch_iam_role_conditions) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_iam_role_conditions: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_iam_role_arn" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.flow_log_cloudwatch_iam_role_arn == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_iam_role_arn: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_log_group_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "/aws/vpc-flow-log/"

  validation {
    condition     = var.flow_log_cloudwatch_log_group_name_prefix == "/aws/vpc-flow-log/"
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_log_group_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_log_group_name_suffix" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.flow_log_cloudwatch_log_group_name_suffix == ""
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_log_group_name_suffix: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_log_group_skip_destroy" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.flow_log_cloudwatch_log_group_skip_destroy == false
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_log_group_skip_destroy: leave it out, or run where the official module can be had."
  }
}

variable "flow_log_cloudwatch_log_group_class" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.flow_log_cloudwatch_log_group_class == null
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement flow_log_cloudwatch_log_group_class: leave it out, or run where the official module can be had."
  }
}

variable "putin_khuylo" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.putin_khuylo == true
    error_message = "The stand-in for terraform-aws-modules/vpc/aws does not implement putin_khuylo: leave it out, or run where the official module can be had."
  }
}
