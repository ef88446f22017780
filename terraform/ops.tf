# The ops host: the only machine with ssh open to the outside, and the way to all that is private.

resource "aws_key_pair" "this" {
  key_name   = local.prefix
  public_key = var.ssh_public_key
}

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
  instance_id   = aws_instance.ops.id
}

resource "aws_instance" "ops" {
  # checkov:skip=CKV_AWS_126:node_exporter tells more, every 15 seconds, and costs nothing
  ami                    = data.aws_ami.debian.id
  instance_type          = var.ops_instance_type
  subnet_id              = module.vpc.public_subnets[0]
  vpc_security_group_ids = [aws_security_group.ops.id]
  key_name               = aws_key_pair.this.key_name
  iam_instance_profile   = aws_iam_instance_profile.ops.name
  ebs_optimized          = true

  metadata_options {
    http_endpoint               = local.metadata_options.http_endpoint
    http_tokens                 = local.metadata_options.http_tokens
    http_put_response_hop_limit = local.metadata_options.http_put_response_hop_limit
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 10
    encrypted   = true
    kms_key_id  = aws_kms_key.environment.arn
  }

  tags = {
    Name = "${local.prefix}-ops"
    Role = "ops"
  }

  # A newer image of Debian is no reason to replace a host that updates itself.
  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "ops" {
  name        = "${local.prefix}-ops"
  description = "Ops host: ssh from the allowed ranges"
  vpc_id      = module.vpc.vpc_id

  tags = { Name = "${local.prefix}-ops" }
}

resource "aws_vpc_security_group_ingress_rule" "ops_ssh" {
  for_each = toset(var.ssh_allowed_cidrs)

  security_group_id = aws_security_group.ops.id
  description       = "ssh"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.key
}

resource "aws_vpc_security_group_ingress_rule" "ops_metrics" {
  security_group_id            = aws_security_group.ops.id
  description                  = "Host metrics"
  ip_protocol                  = "tcp"
  from_port                    = local.exporter_port
  to_port                      = local.exporter_port
  referenced_security_group_id = aws_security_group.monitoring.id
}

resource "aws_vpc_security_group_egress_rule" "ops_all" {
  security_group_id = aws_security_group.ops.id
  description       = "Packages and releases come from addresses that inventories choose"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
