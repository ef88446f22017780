locals {
  node_policies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy"]

  default_metadata_options = {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  node_role_policies = merge([
    for name in keys(var.eks_managed_node_groups) : {
      for policy in local.node_policies : "${name}_${policy}" => { group = name, policy = policy }
    }
  ]...)
}

resource "aws_iam_role" "node" {
  for_each = var.eks_managed_node_groups

  name_prefix           = "${each.key}-eks-node-group-"
  description           = "EKS managed node group IAM role"
  force_detach_policies = true
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.${local.dns_suffix}" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = merge(var.tags, try(each.value.tags, {}))
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = local.node_role_policies

  role       = aws_iam_role.node[each.value.group].name
  policy_arn = "${local.policy_prefix}/${each.value.policy}"
}

resource "aws_launch_template" "node" {
  for_each = var.eks_managed_node_groups

  name_prefix            = "${each.key}-"
  description            = "Custom launch template for ${each.key} EKS managed node group"
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.node.id]

  dynamic "block_device_mappings" {
    for_each = try(each.value.block_device_mappings, {})

    content {
      device_name = block_device_mappings.value.device_name

      ebs {
        volume_size           = try(block_device_mappings.value.ebs.volume_size, null)
        volume_type           = try(block_device_mappings.value.ebs.volume_type, null)
        iops                  = try(block_device_mappings.value.ebs.iops, null)
        throughput            = try(block_device_mappings.value.ebs.throughput, null)
        encrypted             = try(block_device_mappings.value.ebs.encrypted, null)
        kms_key_id            = try(block_device_mappings.value.ebs.kms_key_id, null)
        snapshot_id           = try(block_device_mappings.value.ebs.snapshot_id, null)
        delete_on_termination = try(block_device_mappings.value.ebs.delete_on_termination, null)
      }
    }
  }

  metadata_options {
    http_endpoint               = try(each.value.metadata_options.http_endpoint, local.default_metadata_options.http_endpoint)
    http_tokens                 = try(each.value.metadata_options.http_tokens, local.default_metadata_options.http_tokens)
    http_put_response_hop_limit = try(each.value.metadata_options.http_put_response_hop_limit, local.default_metadata_options.http_put_response_hop_limit)
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])

    content {
      resource_type = tag_specifications.key
      tags          = merge(var.tags, try(each.value.tags, {}), { Name = each.key })
    }
  }

  tags = merge(var.tags, try(each.value.tags, {}))

  # Nodes must be able to join as soon as their group starts them.
  depends_on = [aws_iam_role_policy_attachment.node]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_eks_node_group" "this" {
  for_each = var.eks_managed_node_groups

  cluster_name           = aws_eks_cluster.this.name
  node_role_arn          = aws_iam_role.node[each.key].arn
  subnet_ids             = try(each.value.subnet_ids, var.subnet_ids)
  node_group_name_prefix = "${each.key}-"
  version                = try(each.value.cluster_version, coalesce(var.cluster_version, aws_eks_cluster.this.version))
  ami_type               = try(each.value.ami_type, null)
  release_version        = try(each.value.ami_release_version, null)
  capacity_type          = try(each.value.capacity_type, "ON_DEMAND")
  instance_types         = try(each.value.instance_types, null)
  labels                 = try(each.value.labels, null)

  scaling_config {
    min_size     = try(each.value.min_size, 1)
    desired_size = try(each.value.desired_size, 1)
    max_size     = try(each.value.max_size, 3)
  }

  launch_template {
    id      = aws_launch_template.node[each.key].id
    version = aws_launch_template.node[each.key].default_version
  }

  update_config {
    max_unavailable            = try(each.value.update_config.max_unavailable, null)
    max_unavailable_percentage = try(each.value.update_config.max_unavailable_percentage, can(each.value.update_config.max_unavailable) ? null : 33)
  }

  dynamic "node_repair_config" {
    for_each = try([each.value.node_repair_config], [])

    content {
      enabled = try(node_repair_config.value.enabled, null)
    }
  }

  dynamic "taint" {
    for_each = try(each.value.taints, {})

    content {
      key    = taint.value.key
      value  = try(taint.value.value, null)
      effect = taint.value.effect
    }
  }

  tags = merge(var.tags, try(each.value.tags, {}), { Name = each.key })

  # An autoscaler may have changed the number since; Terraform sets it once. No create_before_destroy here: it would hold
  # for the cluster, too, and a cluster that failed could not be made again under its name.
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }
}
