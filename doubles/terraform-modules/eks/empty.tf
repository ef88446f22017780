# Written by tests/contracts/write_refusals.py from the contract of terraform-aws-modules/eks/aws 20.37.2: outputs of
# what this stand-in does not make.

output "cluster_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "cluster_dualstack_oidc_issuer_url" {
  description = "Not made by this stand-in."
  value       = null
}

output "oidc_provider_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "cluster_tls_certificate_sha1_fingerprint" {
  description = "Not made by this stand-in."
  value       = null
}

output "node_iam_role_name" {
  description = "Not made by this stand-in."
  value       = null
}

output "node_iam_role_arn" {
  description = "Not made by this stand-in."
  value       = null
}

output "node_iam_role_unique_id" {
  description = "Not made by this stand-in."
  value       = null
}

output "cluster_identity_providers" {
  description = "Not made by this stand-in."
  value       = {}
}

output "fargate_profiles" {
  description = "Not made by this stand-in."
  value       = {}
}

output "self_managed_node_groups" {
  description = "Not made by this stand-in."
  value       = {}
}

output "self_managed_node_groups_autoscaling_group_names" {
  description = "Not made by this stand-in."
  value       = []
}
