locals {
  node_ami_type     = "AL2023_x86_64_STANDARD"
  addon_versions    = var.addon_versions[coalesce(var.addons_kubernetes_version, var.kubernetes_version)]
  node_version      = coalesce(var.nodes_kubernetes_version, var.kubernetes_version)
  cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
}

module "eks" {
  # checkov:skip=CKV_TF_1:the registry's releases are pinned by version; a commit would tie the source to one place of download
  source  = "terraform-aws-modules/eks/aws"
  version = "20.37.2"

  cluster_name    = local.prefix
  cluster_version = var.kubernetes_version

  # Extended support costs six times as much; without it EKS upgrades a version whose standard support ends.
  cluster_upgrade_policy = { support_type = "STANDARD" }

  vpc_id     = module.vpc.vpc_id
  subnet_ids = module.vpc.private_subnets

  # The API answers inside the VPC only; people reach it through the ops host.
  cluster_endpoint_private_access = true
  cluster_endpoint_public_access  = false

  # Who may do what is an AWS access entry, never a ConfigMap in the cluster nor "whoever created it".
  authentication_mode                      = "API"
  enable_cluster_creator_admin_permissions = false
  access_entries = {
    deployer = {
      principal_arn = aws_iam_role.deployer.arn
      policy_associations = {
        admin = {
          policy_arn   = "arn:${local.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
          access_scope = { type = "cluster" }
        }
      }
    }
  }

  # No workload assumes an IAM role, so there is no reason to trust the cluster's token issuer.
  enable_irsa = false

  # Nodes are this group's, not auto mode's: the control plane needs no right to make and tag instances.
  enable_auto_mode_custom_tags = false

  # The key's administrators would otherwise be whoever runs Terraform, and each other person's plan a change.
  cluster_encryption_config = { resources = ["secrets"] }
  kms_key_administrators    = ["arn:${local.partition}:iam::${local.account_id}:root"]

  cluster_enabled_log_types              = contains(var.cluster_log_types, "all") ? local.cluster_log_types : var.cluster_log_types
  cloudwatch_log_group_retention_in_days = var.log_retention_days
  cloudwatch_log_group_kms_key_id        = aws_kms_key.environment.arn

  cluster_security_group_additional_rules = {
    ingress_ops_443 = {
      description              = "API for people, through the ops host"
      protocol                 = "tcp"
      from_port                = 443
      to_port                  = 443
      type                     = "ingress"
      source_security_group_id = aws_security_group.host["ops"].id
    }
  }

  node_security_group_additional_rules = {
    # Pods share their node's group and listen on any port; which pod may talk to which is said by NetworkPolicies.
    ingress_self_all = {
      description = "Nodes and pods among themselves"
      protocol    = "-1"
      from_port   = 0
      to_port     = 0
      type        = "ingress"
      self        = true
    }
    # The port of EKS's metrics-server add-on: module 20.37 opens only the older ones.
    ingress_cluster_metrics_api = {
      description                   = "Cluster API to metrics-server"
      protocol                      = "tcp"
      from_port                     = local.metrics_api_port
      to_port                       = local.metrics_api_port
      type                          = "ingress"
      source_cluster_security_group = true
    }
    ingress_load_balancer_http = {
      description              = "Load balancer to the ingress controller, health checks included"
      protocol                 = "tcp"
      from_port                = local.node_port_http
      to_port                  = local.node_port_http
      type                     = "ingress"
      source_security_group_id = aws_security_group.load_balancer.id
    }
  }

  # Add-ons are all EKS's own; none is put in twice by the cluster's creation.
  bootstrap_self_managed_addons = false
  cluster_addons = {
    kube-proxy = { addon_version = local.addon_versions["kube-proxy"], before_compute = true }
    vpc-cni = {
      addon_version        = local.addon_versions["vpc-cni"]
      before_compute       = true
      configuration_values = jsonencode({ enableNetworkPolicy = "true" })
    }
    coredns                  = { addon_version = local.addon_versions["coredns"] }
    metrics-server           = { addon_version = local.addon_versions["metrics-server"] }
    kube-state-metrics       = { addon_version = local.addon_versions["kube-state-metrics"] }
    prometheus-node-exporter = { addon_version = local.addon_versions["prometheus-node-exporter"] }
  }

  eks_managed_node_groups = {
    workers = {
      cluster_version     = local.node_version
      ami_type            = local.node_ami_type
      ami_release_version = var.node_ami_release_versions[local.node_version]
      instance_types      = [var.node_instance_type]

      # EKS replaces a node that is not ready for long, one at a time.
      node_repair_config = { enabled = true }

      min_size     = var.node_count.min
      desired_size = var.node_count.desired
      max_size     = var.node_count.max

      update_config = { max_unavailable = 1 }

      # Pods are one hop further than their node: they can't reach the node's credentials.
      metadata_options = local.metadata_options

      block_device_mappings = {
        root = {
          device_name = "/dev/xvda"
          ebs = {
            volume_size           = 50
            volume_type           = "gp3"
            encrypted             = true
            delete_on_termination = true
          }
        }
      }

      # Instances get their tags from the launch template, which the provider's default tags don't reach.
      tags = { Role = "node" }
    }
  }

  tags = local.tags
}
