locals {
  cluster_rules = {
    ingress_nodes_443 = {
      description                = "Node groups to cluster API"
      protocol                   = "tcp"
      from_port                  = 443
      to_port                    = 443
      type                       = "ingress"
      source_node_security_group = true
    }
  }

  # From the control plane: the API itself, kubelets, and the ports that webhooks use by custom.
  node_rules_from_cluster = {
    for name, port in {
      ingress_cluster_443          = 443
      ingress_cluster_kubelet      = 10250
      ingress_cluster_4443_webhook = 4443
      ingress_cluster_6443_webhook = 6443
      ingress_cluster_8443_webhook = 8443
      ingress_cluster_9443_webhook = 9443
      } : name => {
      description                   = "Cluster API to nodes, port ${port}"
      protocol                      = "tcp"
      from_port                     = port
      to_port                       = port
      type                          = "ingress"
      source_cluster_security_group = true
    }
  }

  node_rules_among_nodes = {
    for name, rule in {
      ingress_self_coredns_tcp = { protocol = "tcp", first = 53, last = 53 }
      ingress_self_coredns_udp = { protocol = "udp", first = 53, last = 53 }
      ingress_nodes_ephemeral  = { protocol = "tcp", first = 1025, last = 65535 }
      } : name => {
      description = "Nodes among themselves, ${rule.protocol} from ${rule.first}"
      protocol    = rule.protocol
      from_port   = rule.first
      to_port     = rule.last
      type        = "ingress"
      self        = true
    }
  }

  node_rules_out = {
    egress_all = {
      description = "Nodes to anywhere"
      protocol    = "-1"
      from_port   = 0
      to_port     = 0
      type        = "egress"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_security_group" "cluster" {
  name_prefix = "${var.cluster_name}-cluster-"
  description = "EKS cluster security group"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.cluster_name}-cluster" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "cluster" {
  for_each = merge(local.cluster_rules, var.cluster_security_group_additional_rules)

  security_group_id = aws_security_group.cluster.id
  description       = try(each.value.description, null)
  protocol          = each.value.protocol
  from_port         = each.value.from_port
  to_port           = each.value.to_port
  type              = each.value.type
  self              = try(each.value.self, null)
  cidr_blocks       = try(each.value.cidr_blocks, null)
  ipv6_cidr_blocks  = try(each.value.ipv6_cidr_blocks, null)
  source_security_group_id = (
    try(each.value.source_node_security_group, false)
    ? aws_security_group.node.id
    : try(each.value.source_security_group_id, null)
  )
}

resource "aws_security_group" "node" {
  name_prefix = "${var.cluster_name}-node-"
  description = "EKS node shared security group"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, {
    Name                                        = "${var.cluster_name}-node"
    "kubernetes.io/cluster/${var.cluster_name}" = "owned"
  })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group_rule" "node" {
  for_each = merge(
    local.node_rules_from_cluster,
    local.node_rules_among_nodes,
    local.node_rules_out,
    var.node_security_group_additional_rules,
  )

  security_group_id = aws_security_group.node.id
  description       = try(each.value.description, null)
  protocol          = each.value.protocol
  from_port         = each.value.from_port
  to_port           = each.value.to_port
  type              = each.value.type
  self              = try(each.value.self, null)
  cidr_blocks       = try(each.value.cidr_blocks, null)
  ipv6_cidr_blocks  = try(each.value.ipv6_cidr_blocks, null)
  source_security_group_id = (
    try(each.value.source_cluster_security_group, false)
    ? aws_security_group.cluster.id
    : try(each.value.source_security_group_id, null)
  )
}
