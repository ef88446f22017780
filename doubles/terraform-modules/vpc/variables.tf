# What this stub module implements. All other arguments of the official module (contract.json) are refused.

variable "name" {
  description = "Prefix of all names."
  type        = string
  default     = ""
}

variable "cidr" {
  description = "IPv4 range of the VPC."
  type        = string
  default     = "10.0.0.0/16"
}

variable "azs" {
  description = "Zones, in the order of the subnets."
  type        = list(string)
  default     = []
}

variable "enable_dns_hostnames" {
  description = "Whether instances get DNS names."
  type        = bool
  default     = true
}

variable "enable_dns_support" {
  description = "Whether the VPC has a resolver."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}

variable "public_subnets" {
  description = "Ranges of the public subnets."
  type        = list(string)
  default     = []
}

variable "public_subnet_tags" {
  description = "Tags of the public subnets."
  type        = map(string)
  default     = {}
}

variable "private_subnets" {
  description = "Ranges of the private subnets."
  type        = list(string)
  default     = []
}

variable "private_subnet_tags" {
  description = "Tags of the private subnets."
  type        = map(string)
  default     = {}
}

variable "enable_nat_gateway" {
  description = "Whether private subnets have a way out."
  type        = bool
  default     = false
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all private subnets."
  type        = bool
  default     = false
}

variable "one_nat_gateway_per_az" {
  description = "One NAT gateway for each zone."
  type        = bool
  default     = false

  validation {
    condition     = !var.one_nat_gateway_per_az || length(var.public_subnets) >= length(var.azs)
    error_message = "one_nat_gateway_per_az needs a public subnet in each zone: public_subnets has ${length(var.public_subnets)}, azs ${length(var.azs)}."
  }
}

variable "enable_flow_log" {
  description = "Whether the network's flows are logged to CloudWatch."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_flow_log || (var.create_flow_log_cloudwatch_log_group && var.create_flow_log_cloudwatch_iam_role)
    error_message = "This stub module implements enable_flow_log only with create_flow_log_cloudwatch_log_group and create_flow_log_cloudwatch_iam_role: set both to true."
  }
}

variable "flow_log_max_aggregation_interval" {
  description = "Seconds over which flows are summed up."
  type        = number
  default     = 600
}

variable "flow_log_traffic_type" {
  description = "Which flows: ACCEPT, REJECT or ALL."
  type        = string
  default     = "ALL"
}

variable "create_flow_log_cloudwatch_log_group" {
  description = "Whether to make the flow log's group."
  type        = bool
  default     = false
}

variable "create_flow_log_cloudwatch_iam_role" {
  description = "Whether to make the role that writes the flow log."
  type        = bool
  default     = false
}

variable "flow_log_cloudwatch_log_group_retention_in_days" {
  description = "How long flows are kept."
  type        = number
  default     = null
}

variable "flow_log_cloudwatch_log_group_kms_key_id" {
  description = "Key of the flow log's group."
  type        = string
  default     = null
}
