# What this stub module has. All other outputs of the official module (contract.json) are empty.

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn

  # Whoever knows the cluster may use it: its entries must stand.
  depends_on = [aws_eks_access_entry.this, aws_eks_access_policy_association.this]
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name

  depends_on = [aws_eks_access_entry.this, aws_eks_access_policy_association.this]
}

output "cluster_certificate_authority_data" {
  description = "Certificate authority of the API, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data

  depends_on = [aws_eks_access_entry.this, aws_eks_access_policy_association.this]
}

output "cluster_endpoint" {
  description = "Address of the API."
  value       = aws_eks_cluster.this.endpoint

  depends_on = [aws_eks_access_entry.this, aws_eks_access_policy_association.this]
}

output "cluster_oidc_issuer_url" {
  description = "Issuer of the cluster's tokens."
  value       = try(aws_eks_cluster.this.identity[0].oidc[0].issuer, null)
}

output "oidc_provider" {
  description = "Issuer of the cluster's tokens without its scheme."
  value       = try(replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", ""), null)
}

output "cluster_version" {
  description = "Kubernetes version."
  value       = aws_eks_cluster.this.version
}

output "cluster_platform_version" {
  description = "EKS's own version of the control plane."
  value       = aws_eks_cluster.this.platform_version
}

output "cluster_status" {
  description = "Status of the cluster."
  value       = aws_eks_cluster.this.status
}

output "cluster_primary_security_group_id" {
  description = "Group that EKS makes for the control plane's interfaces."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "cluster_service_cidr" {
  description = "Range of the Services' addresses."
  value       = aws_eks_cluster.this.kubernetes_network_config[0].service_ipv4_cidr
}

output "cluster_ip_family" {
  description = "IP family of the cluster."
  value       = aws_eks_cluster.this.kubernetes_network_config[0].ip_family
}

output "access_entries" {
  description = "Access entries."
  value       = aws_eks_access_entry.this
}

output "access_policy_associations" {
  description = "Access policies of the entries."
  value       = aws_eks_access_policy_association.this
}

output "kms_key_arn" {
  description = "Key of the cluster's secrets."
  value       = one(aws_kms_key.cluster[*].arn)
}

output "kms_key_id" {
  description = "Id of that key."
  value       = one(aws_kms_key.cluster[*].key_id)
}

output "kms_key_policy" {
  description = "Policy of that key."
  value       = one(aws_kms_key.cluster[*].policy)
}

output "cluster_security_group_arn" {
  description = "ARN of the cluster's group."
  value       = aws_security_group.cluster.arn
}

output "cluster_security_group_id" {
  description = "Group of the cluster."
  value       = aws_security_group.cluster.id
}

output "node_security_group_arn" {
  description = "ARN of the nodes' group."
  value       = aws_security_group.node.arn
}

output "node_security_group_id" {
  description = "Group of the nodes."
  value       = aws_security_group.node.id
}

output "cluster_iam_role_name" {
  description = "Role of the control plane."
  value       = aws_iam_role.cluster.name
}

output "cluster_iam_role_arn" {
  description = "ARN of that role."
  value       = aws_iam_role.cluster.arn
}

output "cluster_iam_role_unique_id" {
  description = "Unique id of that role."
  value       = aws_iam_role.cluster.unique_id
}

output "cluster_addons" {
  description = "Add-ons by name."
  value       = merge(aws_eks_addon.this, aws_eks_addon.before_compute)
}

output "cloudwatch_log_group_name" {
  description = "Log group of the control plane."
  value       = aws_cloudwatch_log_group.this.name
}

output "cloudwatch_log_group_arn" {
  description = "ARN of that group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "eks_managed_node_groups" {
  description = "Node groups by name, each with the outputs of the official submodule."
  value = {
    for name, group in aws_eks_node_group.this : name => {
      node_group_arn                     = group.arn
      node_group_id                      = group.id
      node_group_status                  = group.status
      node_group_resources               = group.resources
      node_group_labels                  = group.labels
      node_group_taints                  = group.taint
      node_group_autoscaling_group_names = flatten(group.resources[*].autoscaling_groups[*].name)
      iam_role_name                      = aws_iam_role.node[name].name
      iam_role_arn                       = aws_iam_role.node[name].arn
      iam_role_unique_id                 = aws_iam_role.node[name].unique_id
      launch_template_id                 = aws_launch_template.node[name].id
      launch_template_arn                = aws_launch_template.node[name].arn
      launch_template_name               = aws_launch_template.node[name].name
      launch_template_latest_version     = aws_launch_template.node[name].latest_version
      platform                           = "al2023"
    }
  }
}

output "eks_managed_node_groups_autoscaling_group_names" {
  description = "Auto Scaling groups of all node groups."
  value       = flatten([for group in aws_eks_node_group.this : group.resources[*].autoscaling_groups[*].name])
}
