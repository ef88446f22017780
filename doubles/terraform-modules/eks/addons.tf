data "aws_eks_addon_version" "this" {
  for_each = { for name, addon in var.cluster_addons : name => addon if try(addon.addon_version, null) == null }

  addon_name         = each.key
  kubernetes_version = coalesce(var.cluster_version, aws_eks_cluster.this.version)
  most_recent        = try(each.value.most_recent, null)
}

# What nodes need to become ready (the pod network, above all) can't wait for nodes.
resource "aws_eks_addon" "before_compute" {
  for_each = { for name, addon in var.cluster_addons : name => addon if try(addon.before_compute, false) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = try(each.value.addon_version, data.aws_eks_addon_version.this[each.key].version)
  configuration_values        = try(each.value.configuration_values, null)
  preserve                    = try(each.value.preserve, true)
  service_account_role_arn    = try(each.value.service_account_role_arn, null)
  resolve_conflicts_on_create = try(each.value.resolve_conflicts_on_create, "NONE")
  resolve_conflicts_on_update = try(each.value.resolve_conflicts_on_update, "OVERWRITE")

  tags = var.tags
}

resource "aws_eks_addon" "this" {
  for_each = { for name, addon in var.cluster_addons : name => addon if !try(addon.before_compute, false) }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = try(each.value.addon_version, data.aws_eks_addon_version.this[each.key].version)
  configuration_values        = try(each.value.configuration_values, null)
  preserve                    = try(each.value.preserve, true)
  service_account_role_arn    = try(each.value.service_account_role_arn, null)
  resolve_conflicts_on_create = try(each.value.resolve_conflicts_on_create, "NONE")
  resolve_conflicts_on_update = try(each.value.resolve_conflicts_on_update, "OVERWRITE")

  tags = var.tags

  # Without a node their pods never start, and EKS would call them degraded.
  depends_on = [aws_eks_node_group.this]
}
