# The ops host: the only machine with ssh open to the outside, and the way to all that is private.

resource "aws_eip" "ops" {
  domain = "vpc"
  tags   = { Name = "${local.prefix}-ops" }

  # Public addresses answer by the internet gateway only; asking for it here makes Terraform wait for it, and for nothing else.
  lifecycle {
    precondition {
      condition     = module.vpc.igw_id != null
      error_message = "The VPC has no internet gateway: public_subnets must not be empty."
    }
  }
}

# A resource of its own, so that the address is kept when the instance is replaced.
resource "aws_eip_association" "ops" {
  allocation_id = aws_eip.ops.allocation_id
  instance_id   = aws_instance.host["ops"].id
}

resource "aws_vpc_security_group_ingress_rule" "ops_ssh" {
  for_each = toset(var.ssh_allowed_cidrs)

  security_group_id = aws_security_group.host["ops"].id
  description       = "ssh"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.key
}

resource "aws_vpc_security_group_ingress_rule" "ops_metrics" {
  security_group_id            = aws_security_group.host["ops"].id
  description                  = "Host metrics"
  ip_protocol                  = "tcp"
  from_port                    = local.exporter_port
  to_port                      = local.exporter_port
  referenced_security_group_id = aws_security_group.host["monitoring"].id
}
