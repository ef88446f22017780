# The two hosts, and what both have; who may reach them stands in ops.tf and monitoring.tf.

locals {
  hosts = {
    ops = {
      reached_by    = "ssh from the allowed ranges"
      instance_type = var.ops_instance_type
      subnet_id     = module.vpc.public_subnets[0]
      private_ip    = null
      volume_gib    = 10
    }

    monitoring = {
      reached_by    = "ssh from the ops host, samples from the nodes, Grafana from the load balancer"
      instance_type = var.monitoring_instance_type
      subnet_id     = module.vpc.private_subnets[local.monitoring_subnet]
      private_ip    = var.monitoring_private_ip
      volume_gib    = var.monitoring_volume_gib
    }
  }
}

resource "aws_key_pair" "this" {
  key_name   = local.prefix
  public_key = var.ssh_public_key

  # Of new hosts only: playbooks/rotate.yml replaces it, when those that run let in the new key.
  lifecycle {
    ignore_changes = [public_key]
  }
}

resource "aws_instance" "host" {
  # checkov:skip=CKV_AWS_126:node_exporter tells more, every 15 seconds, and costs nothing
  for_each = local.hosts

  ami                    = data.aws_ami.debian.id
  instance_type          = each.value.instance_type
  subnet_id              = each.value.subnet_id
  private_ip             = each.value.private_ip
  vpc_security_group_ids = [aws_security_group.host[each.key].id]
  key_name               = aws_key_pair.this.key_name
  iam_instance_profile   = aws_iam_instance_profile.host[each.key].name
  ebs_optimized          = true

  metadata_options {
    http_endpoint               = local.metadata_options.http_endpoint
    http_tokens                 = local.metadata_options.http_tokens
    http_put_response_hop_limit = local.metadata_options.http_put_response_hop_limit
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = each.value.volume_gib
    encrypted   = true
    kms_key_id  = aws_kms_key.environment.arn
  }

  tags = {
    Name = "${local.prefix}-${each.key}"
    Role = each.key
  }

  # Hosts update themselves: a newer image of Debian must not replace them.
  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "host" {
  for_each = local.hosts

  name        = "${local.prefix}-${each.key}"
  description = "${title(each.key)} host: ${each.value.reached_by}"
  vpc_id      = module.vpc.vpc_id

  tags = { Name = "${local.prefix}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "host_all" {
  for_each = local.hosts

  security_group_id = aws_security_group.host[each.key].id
  description       = "Packages and releases come from addresses that inventories choose"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
