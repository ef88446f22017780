# What this stub module implements. All other arguments of the official module (contract.json) are refused. Arguments of
# type `any` say which of their keys are implemented; others are refused, too.

variable "cluster_name" {
  description = "Name of the cluster; prefix of other names."
  type        = string
  default     = ""
}

variable "cluster_version" {
  description = "Kubernetes minor version."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "VPC of the security groups."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Subnets of the control plane's interfaces and of the nodes."
  type        = list(string)
  default     = []
}

variable "cluster_enabled_log_types" {
  description = "Which of the control plane's logs are kept."
  type        = list(string)
  default     = ["audit", "api", "authenticator"]
}

variable "authentication_mode" {
  description = "Where identities are mapped: API means access entries only."
  type        = string
  default     = "API_AND_CONFIG_MAP"
}

variable "cluster_endpoint_private_access" {
  description = "Whether the API answers inside the VPC."
  type        = bool
  default     = true
}

variable "cluster_endpoint_public_access" {
  description = "Whether the API answers outside of the VPC."
  type        = bool
  default     = false
}

variable "cluster_endpoint_public_access_cidrs" {
  description = "From where, if it does."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "cluster_service_ipv4_cidr" {
  description = "Range of the Services' addresses."
  type        = string
  default     = null
}

variable "cluster_encryption_config" {
  description = "What is encrypted by the cluster's own key. Implemented: resources."
  type        = any
  default     = { resources = ["secrets"] }

  validation {
    condition     = length(setsubtract(keys(var.cluster_encryption_config), ["resources"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements only the key resources of cluster_encryption_config, not ${join(", ", setsubtract(keys(var.cluster_encryption_config), ["resources"]))}: leave it out, or run where the official module can be had."
  }
}

variable "cluster_upgrade_policy" {
  description = "What happens to a version whose standard support ends. Implemented: support_type."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.cluster_upgrade_policy), ["support_type"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements only the key support_type of cluster_upgrade_policy, not ${join(", ", setsubtract(keys(var.cluster_upgrade_policy), ["support_type"]))}: leave it out, or run where the official module can be had."
  }
}

variable "bootstrap_self_managed_addons" {
  description = "Whether EKS puts its default add-ons into a new cluster by itself."
  type        = bool
  default     = null
}

variable "access_entries" {
  description = "Who may use the API. Implemented: principal_arn, type, user_name, kubernetes_groups, policy_associations, tags."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(flatten([for entry in values(var.access_entries) : keys(entry)]), ["principal_arn", "type", "user_name", "kubernetes_groups", "policy_associations", "tags"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements only the keys principal_arn, type, user_name, kubernetes_groups, policy_associations and tags of access_entries, not ${join(", ", setsubtract(flatten([for entry in values(var.access_entries) : keys(entry)]), ["principal_arn", "type", "user_name", "kubernetes_groups", "policy_associations", "tags"]))}: leave it out, or run where the official module can be had."
  }
}

variable "enable_irsa" {
  description = "Whether IAM trusts the cluster's token issuer. Not implemented: it needs the tls provider."
  type        = bool
  default     = true

  validation {
    condition     = !var.enable_irsa
    error_message = "The stub module for terraform-aws-modules/eks/aws does not implement enable_irsa (it needs the tls provider): set it to false, or run where the official module can be had."
  }
}

variable "enable_auto_mode_custom_tags" {
  description = "Whether the cluster's role may tag what auto mode makes. Not implemented, as is auto mode."
  type        = bool
  default     = true

  validation {
    condition     = !var.enable_auto_mode_custom_tags
    error_message = "The stub module for terraform-aws-modules/eks/aws does not implement enable_auto_mode_custom_tags (as auto mode itself): set it to false, or run where the official module can be had."
  }
}

variable "kms_key_description" {
  description = "Description of the cluster's own key."
  type        = string
  default     = null
}

variable "kms_key_deletion_window_in_days" {
  description = "Days until a deleted key is gone."
  type        = number
  default     = null
}

variable "enable_kms_key_rotation" {
  description = "Whether the key is rotated each year."
  type        = bool
  default     = true
}

variable "kms_key_administrators" {
  description = "Who may administer the key; whoever runs Terraform when empty."
  type        = list(string)
  default     = []
}

variable "cloudwatch_log_group_retention_in_days" {
  description = "How long the control plane's logs are kept."
  type        = number
  default     = 90
}

variable "cloudwatch_log_group_kms_key_id" {
  description = "Key of the log group."
  type        = string
  default     = null
}

variable "cluster_security_group_additional_rules" {
  description = "Rules added to the cluster's group. Implemented: all keys but prefix_list_ids."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(flatten([for rule in values(var.cluster_security_group_additional_rules) : keys(rule)]), ["description", "protocol", "from_port", "to_port", "type", "self", "cidr_blocks", "ipv6_cidr_blocks", "source_security_group_id", "source_node_security_group"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements description, protocol, from_port, to_port, type, self, cidr_blocks, ipv6_cidr_blocks, source_security_group_id and source_node_security_group of a rule in cluster_security_group_additional_rules, and no other key: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_additional_rules" {
  description = "Rules added to the nodes' group. Implemented: all keys but prefix_list_ids."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(flatten([for rule in values(var.node_security_group_additional_rules) : keys(rule)]), ["description", "protocol", "from_port", "to_port", "type", "self", "cidr_blocks", "ipv6_cidr_blocks", "source_security_group_id", "source_cluster_security_group"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements description, protocol, from_port, to_port, type, self, cidr_blocks, ipv6_cidr_blocks, source_security_group_id and source_cluster_security_group of a rule in node_security_group_additional_rules, and no other key: leave it out, or run where the official module can be had."
  }
}

variable "cluster_addons" {
  description = "Add-ons by name. Implemented: most_recent, addon_version, before_compute, configuration_values, preserve, service_account_role_arn, resolve_conflicts_on_create, resolve_conflicts_on_update."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(flatten([for addon in values(var.cluster_addons) : keys(addon)]), ["most_recent", "addon_version", "before_compute", "configuration_values", "preserve", "service_account_role_arn", "resolve_conflicts_on_create", "resolve_conflicts_on_update"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements most_recent, addon_version, before_compute, configuration_values, preserve, service_account_role_arn, resolve_conflicts_on_create and resolve_conflicts_on_update of an add-on in cluster_addons, not ${join(", ", setsubtract(flatten([for addon in values(var.cluster_addons) : keys(addon)]), ["most_recent", "addon_version", "before_compute", "configuration_values", "preserve", "service_account_role_arn", "resolve_conflicts_on_create", "resolve_conflicts_on_update"]))}: leave it out, or run where the official module can be had."
  }
}

variable "eks_managed_node_groups" {
  description = "Node groups by name. Implemented: cluster_version, ami_type, ami_release_version, instance_types, capacity_type, min_size, desired_size, max_size, subnet_ids, labels, taints, update_config, node_repair_config, metadata_options, block_device_mappings, tags."
  type        = any
  default     = {}

  validation {
    condition     = length(setsubtract(flatten([for group in values(var.eks_managed_node_groups) : keys(group)]), ["cluster_version", "ami_type", "ami_release_version", "instance_types", "capacity_type", "min_size", "desired_size", "max_size", "subnet_ids", "labels", "taints", "update_config", "node_repair_config", "metadata_options", "block_device_mappings", "tags"])) == 0
    error_message = "The stub module for terraform-aws-modules/eks/aws implements cluster_version, ami_type, ami_release_version, instance_types, capacity_type, min_size, desired_size, max_size, subnet_ids, labels, taints, update_config, node_repair_config, metadata_options, block_device_mappings and tags of a group in eks_managed_node_groups, not ${join(", ", setsubtract(flatten([for group in values(var.eks_managed_node_groups) : keys(group)]), ["cluster_version", "ami_type", "ami_release_version", "instance_types", "capacity_type", "min_size", "desired_size", "max_size", "subnet_ids", "labels", "taints", "update_config", "node_repair_config", "metadata_options", "block_device_mappings", "tags"]))}: leave it out, or run where the official module can be had."
  }
}
