data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_iam_session_context" "current" {
  arn = data.aws_caller_identity.current.arn
}

locals {
  policy_prefix = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
  dns_suffix    = data.aws_partition.current.dns_suffix
}

resource "aws_eks_cluster" "this" {
  name                          = var.cluster_name
  role_arn                      = aws_iam_role.cluster.arn
  version                       = var.cluster_version
  enabled_cluster_log_types     = var.cluster_enabled_log_types
  bootstrap_self_managed_addons = var.bootstrap_self_managed_addons

  access_config {
    authentication_mode                         = var.authentication_mode
    bootstrap_cluster_creator_admin_permissions = false
  }

  vpc_config {
    security_group_ids      = [aws_security_group.cluster.id]
    subnet_ids              = var.subnet_ids
    endpoint_private_access = var.cluster_endpoint_private_access
    endpoint_public_access  = var.cluster_endpoint_public_access
    public_access_cidrs     = var.cluster_endpoint_public_access_cidrs
  }

  dynamic "upgrade_policy" {
    for_each = length(var.cluster_upgrade_policy) > 0 ? [var.cluster_upgrade_policy] : []

    content {
      support_type = try(upgrade_policy.value.support_type, null)
    }
  }

  kubernetes_network_config {
    ip_family         = "ipv4"
    service_ipv4_cidr = var.cluster_service_ipv4_cidr
  }

  dynamic "encryption_config" {
    for_each = length(var.cluster_encryption_config) > 0 ? [var.cluster_encryption_config] : []

    content {
      resources = encryption_config.value.resources

      provider {
        key_arn = aws_kms_key.cluster[0].arn
      }
    }
  }

  tags = var.tags

  # The control plane must find its rights, its rules and its log group when it starts.
  depends_on = [
    aws_iam_role_policy_attachment.cluster,
    aws_security_group_rule.cluster,
    aws_security_group_rule.node,
    aws_cloudwatch_log_group.this,
  ]
}

# EKS makes one more group for the control plane's interfaces; only its tags are ours.
resource "aws_ec2_tag" "cluster_primary_security_group" {
  for_each = { for key, value in var.tags : key => value if key != "Name" }

  resource_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  key         = each.key
  value       = each.value
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/eks/${var.cluster_name}/cluster"
  retention_in_days = var.cloudwatch_log_group_retention_in_days
  kms_key_id        = var.cloudwatch_log_group_kms_key_id

  tags = merge(var.tags, { Name = "/aws/eks/${var.cluster_name}/cluster" })
}

# ---------------------------------------------------------------------------------------------------------------------
# Key of the cluster's secrets
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_kms_key" "cluster" {
  count = length(var.cluster_encryption_config) > 0 ? 1 : 0

  description             = coalesce(var.kms_key_description, "${var.cluster_name} cluster encryption key")
  deletion_window_in_days = var.kms_key_deletion_window_in_days
  enable_key_rotation     = var.enable_kms_key_rotation
  policy                  = data.aws_iam_policy_document.cluster_key.json

  tags = var.tags
}

resource "aws_kms_alias" "cluster" {
  count = length(aws_kms_key.cluster)

  name          = "alias/eks/${var.cluster_name}"
  target_key_id = aws_kms_key.cluster[0].key_id
}

data "aws_iam_policy_document" "cluster_key" {
  statement {
    sid       = "Default"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid = "KeyAdministration"
    actions = [
      "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*",
      "kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
    ]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = coalescelist(var.kms_key_administrators, [data.aws_iam_session_context.current.issuer_arn])
    }
  }

  statement {
    sid       = "KeyUsage"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.cluster.arn]
    }
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Role of the control plane
# ---------------------------------------------------------------------------------------------------------------------

resource "aws_iam_role" "cluster" {
  name_prefix           = "${var.cluster_name}-cluster-"
  force_detach_policies = true
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.${local.dns_suffix}" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "cluster" {
  for_each = toset(["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"])

  role       = aws_iam_role.cluster.name
  policy_arn = "${local.policy_prefix}/${each.key}"
}

resource "aws_iam_role_policy_attachment" "cluster_encryption" {
  count = length(aws_kms_key.cluster)

  role       = aws_iam_role.cluster.name
  policy_arn = aws_iam_policy.cluster_encryption[0].arn
}

resource "aws_iam_policy" "cluster_encryption" {
  count = length(aws_kms_key.cluster)

  name_prefix = "${var.cluster_name}-cluster-ClusterEncryption"
  description = "The control plane's use of the key of ${var.cluster_name}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"]
      Resource = aws_kms_key.cluster[0].arn
    }]
  })

  tags = var.tags
}
