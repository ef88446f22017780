resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = var.enable_dns_hostnames
  enable_dns_support   = var.enable_dns_support

  tags = merge({ Name = var.name }, var.tags)
}

# What AWS makes with each VPC is taken over, so that nothing can use it by accident: the group has no rules, the table
# no routes, and the network ACL stays open because groups are what decides.

resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge({ Name = "${var.name}-default" }, var.tags)
}

resource "aws_default_route_table" "default" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []

  tags = merge({ Name = "${var.name}-default" }, var.tags)
}

resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  dynamic "ingress" {
    for_each = local.open_acl

    content {
      rule_no         = ingress.value.rule_no
      action          = "allow"
      protocol        = "-1"
      from_port       = 0
      to_port         = 0
      cidr_block      = ingress.value.cidr_block
      ipv6_cidr_block = ingress.value.ipv6_cidr_block
    }
  }

  dynamic "egress" {
    for_each = local.open_acl

    content {
      rule_no         = egress.value.rule_no
      action          = "allow"
      protocol        = "-1"
      from_port       = 0
      to_port         = 0
      cidr_block      = egress.value.cidr_block
      ipv6_cidr_block = egress.value.ipv6_cidr_block
    }
  }

  tags = merge({ Name = "${var.name}-default" }, var.tags)

  # Subnets without an ACL of their own come to this one by themselves.
  lifecycle {
    ignore_changes = [subnet_ids]
  }
}

locals {
  open_acl = [
    { rule_no = 100, cidr_block = "0.0.0.0/0", ipv6_cidr_block = null },
    { rule_no = 101, cidr_block = null, ipv6_cidr_block = "::/0" },
  ]
}
