# Written by tests/contracts/write_refusals.py from the contract of terraform-aws-modules/eks/aws 20.37.2: arguments
# that this stand-in does not implement. Each is known, so that a caller needs no other text, and refused when it is used.

variable "create" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create: leave it out, or run where the official module can be had."
  }
}

variable "prefix_separator" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "-"

  validation {
    condition     = var.prefix_separator == "-"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement prefix_separator: leave it out, or run where the official module can be had."
  }
}

variable "cluster_force_update_version" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = null

  validation {
    condition     = var.cluster_force_update_version == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_force_update_version: leave it out, or run where the official module can be had."
  }
}

variable "cluster_compute_config" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.cluster_compute_config) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_compute_config: leave it out, or run where the official module can be had."
  }
}

variable "cluster_remote_network_config" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.cluster_remote_network_config) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_remote_network_config: leave it out, or run where the official module can be had."
  }
}

variable "cluster_zonal_shift_config" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.cluster_zonal_shift_config) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_zonal_shift_config: leave it out, or run where the official module can be had."
  }
}

variable "cluster_additional_security_group_ids" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.cluster_additional_security_group_ids) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_additional_security_group_ids: leave it out, or run where the official module can be had."
  }
}

variable "control_plane_subnet_ids" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.control_plane_subnet_ids) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement control_plane_subnet_ids: leave it out, or run where the official module can be had."
  }
}

variable "cluster_ip_family" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "ipv4"

  validation {
    condition     = var.cluster_ip_family == "ipv4"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_ip_family: leave it out, or run where the official module can be had."
  }
}

variable "cluster_service_ipv6_cidr" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_service_ipv6_cidr == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_service_ipv6_cidr: leave it out, or run where the official module can be had."
  }
}

variable "outpost_config" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.outpost_config) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement outpost_config: leave it out, or run where the official module can be had."
  }
}

variable "attach_cluster_encryption_policy" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.attach_cluster_encryption_policy == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement attach_cluster_encryption_policy: leave it out, or run where the official module can be had."
  }
}

variable "cluster_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cluster_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_cluster_primary_security_group_tags" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_cluster_primary_security_group_tags == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_cluster_primary_security_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "cluster_timeouts" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cluster_timeouts) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_timeouts: leave it out, or run where the official module can be had."
  }
}

variable "enable_cluster_creator_admin_permissions" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_cluster_creator_admin_permissions == false
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement enable_cluster_creator_admin_permissions: leave it out, or run where the official module can be had."
  }
}

variable "create_kms_key" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_kms_key == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_kms_key: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_enable_default_policy" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.kms_key_enable_default_policy == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_enable_default_policy: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_owners" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_owners) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_owners: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_users" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_users) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_users: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_service_users" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_service_users) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_service_users: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_source_policy_documents" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_source_policy_documents) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_source_policy_documents: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_override_policy_documents" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_override_policy_documents) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_override_policy_documents: leave it out, or run where the official module can be had."
  }
}

variable "kms_key_aliases" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.kms_key_aliases) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement kms_key_aliases: leave it out, or run where the official module can be had."
  }
}

variable "create_cloudwatch_log_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_cloudwatch_log_group == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_cloudwatch_log_group: leave it out, or run where the official module can be had."
  }
}

variable "cloudwatch_log_group_class" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.cloudwatch_log_group_class == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cloudwatch_log_group_class: leave it out, or run where the official module can be had."
  }
}

variable "cloudwatch_log_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cloudwatch_log_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cloudwatch_log_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_cluster_security_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_cluster_security_group == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_cluster_security_group: leave it out, or run where the official module can be had."
  }
}

variable "cluster_security_group_id" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.cluster_security_group_id == ""
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_security_group_id: leave it out, or run where the official module can be had."
  }
}

variable "cluster_security_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_security_group_name == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_security_group_name: leave it out, or run where the official module can be had."
  }
}

variable "cluster_security_group_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.cluster_security_group_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_security_group_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "cluster_security_group_description" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "EKS cluster security group"

  validation {
    condition     = var.cluster_security_group_description == "EKS cluster security group"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_security_group_description: leave it out, or run where the official module can be had."
  }
}

variable "cluster_security_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cluster_security_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_security_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "create_cni_ipv6_iam_policy" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.create_cni_ipv6_iam_policy == false
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_cni_ipv6_iam_policy: leave it out, or run where the official module can be had."
  }
}

variable "create_node_security_group" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_node_security_group == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_node_security_group: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_id" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = ""

  validation {
    condition     = var.node_security_group_id == ""
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_id: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.node_security_group_name == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_name: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.node_security_group_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_description" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "EKS node shared security group"

  validation {
    condition     = var.node_security_group_description == "EKS node shared security group"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_description: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_enable_recommended_rules" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.node_security_group_enable_recommended_rules == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_enable_recommended_rules: leave it out, or run where the official module can be had."
  }
}

variable "node_security_group_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.node_security_group_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_security_group_tags: leave it out, or run where the official module can be had."
  }
}

variable "enable_efa_support" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = false

  validation {
    condition     = var.enable_efa_support == false
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement enable_efa_support: leave it out, or run where the official module can be had."
  }
}

variable "openid_connect_audiences" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.openid_connect_audiences) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement openid_connect_audiences: leave it out, or run where the official module can be had."
  }
}

variable "include_oidc_root_ca_thumbprint" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.include_oidc_root_ca_thumbprint == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement include_oidc_root_ca_thumbprint: leave it out, or run where the official module can be had."
  }
}

variable "custom_oidc_thumbprints" {
  description = "Not implemented by this stand-in."
  type        = list(string)
  default     = []

  validation {
    condition     = try(length(var.custom_oidc_thumbprints) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement custom_oidc_thumbprints: leave it out, or run where the official module can be had."
  }
}

variable "create_iam_role" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_iam_role == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_iam_role: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_arn" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.iam_role_arn == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_arn: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.iam_role_name == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_name: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.iam_role_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_path" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.iam_role_path == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_path: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_description" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.iam_role_description == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_description: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_permissions_boundary" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.iam_role_permissions_boundary == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_permissions_boundary: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_additional_policies" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.iam_role_additional_policies) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_additional_policies: leave it out, or run where the official module can be had."
  }
}

variable "enable_security_groups_for_pods" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.enable_security_groups_for_pods == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement enable_security_groups_for_pods: leave it out, or run where the official module can be had."
  }
}

variable "iam_role_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.iam_role_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement iam_role_tags: leave it out, or run where the official module can be had."
  }
}

variable "cluster_encryption_policy_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.cluster_encryption_policy_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_encryption_policy_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "cluster_encryption_policy_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_encryption_policy_name == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_encryption_policy_name: leave it out, or run where the official module can be had."
  }
}

variable "cluster_encryption_policy_description" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "Cluster encryption policy to allow cluster role to utilize CMK provided"

  validation {
    condition     = var.cluster_encryption_policy_description == "Cluster encryption policy to allow cluster role to utilize CMK provided"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_encryption_policy_description: leave it out, or run where the official module can be had."
  }
}

variable "cluster_encryption_policy_path" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_encryption_policy_path == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_encryption_policy_path: leave it out, or run where the official module can be had."
  }
}

variable "cluster_encryption_policy_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cluster_encryption_policy_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_encryption_policy_tags: leave it out, or run where the official module can be had."
  }
}

variable "dataplane_wait_duration" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = "30s"

  validation {
    condition     = var.dataplane_wait_duration == "30s"
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement dataplane_wait_duration: leave it out, or run where the official module can be had."
  }
}

variable "cluster_addons_timeouts" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.cluster_addons_timeouts) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_addons_timeouts: leave it out, or run where the official module can be had."
  }
}

variable "cluster_identity_providers" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.cluster_identity_providers) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement cluster_identity_providers: leave it out, or run where the official module can be had."
  }
}

variable "create_node_iam_role" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.create_node_iam_role == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement create_node_iam_role: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_name" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.node_iam_role_name == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_name: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_use_name_prefix" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.node_iam_role_use_name_prefix == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_use_name_prefix: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_path" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.node_iam_role_path == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_path: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_description" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.node_iam_role_description == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_description: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_permissions_boundary" {
  description = "Not implemented by this stand-in."
  type        = string
  default     = null

  validation {
    condition     = var.node_iam_role_permissions_boundary == null
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_permissions_boundary: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_additional_policies" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.node_iam_role_additional_policies) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_additional_policies: leave it out, or run where the official module can be had."
  }
}

variable "node_iam_role_tags" {
  description = "Not implemented by this stand-in."
  type        = map(string)
  default     = {}

  validation {
    condition     = try(length(var.node_iam_role_tags) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement node_iam_role_tags: leave it out, or run where the official module can be had."
  }
}

variable "fargate_profiles" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.fargate_profiles) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement fargate_profiles: leave it out, or run where the official module can be had."
  }
}

variable "fargate_profile_defaults" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.fargate_profile_defaults) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement fargate_profile_defaults: leave it out, or run where the official module can be had."
  }
}

variable "self_managed_node_groups" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.self_managed_node_groups) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement self_managed_node_groups: leave it out, or run where the official module can be had."
  }
}

variable "self_managed_node_group_defaults" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.self_managed_node_group_defaults) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement self_managed_node_group_defaults: leave it out, or run where the official module can be had."
  }
}

variable "eks_managed_node_group_defaults" {
  description = "Not implemented by this stand-in."
  type        = any
  default     = {}

  validation {
    condition     = try(length(var.eks_managed_node_group_defaults) == 0, false)
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement eks_managed_node_group_defaults: leave it out, or run where the official module can be had."
  }
}

variable "putin_khuylo" {
  description = "Not implemented by this stand-in."
  type        = bool
  default     = true

  validation {
    condition     = var.putin_khuylo == true
    error_message = "The stand-in for terraform-aws-modules/eks/aws does not implement putin_khuylo: leave it out, or run where the official module can be had."
  }
}
