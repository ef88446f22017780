# The monitoring host: central Prometheus and Grafana, without a public address.

resource "aws_instance" "monitoring" {
  # checkov:skip=CKV_AWS_126:node_exporter tells more, every 15 seconds, and costs nothing
  ami                    = data.aws_ami.debian.id
  instance_type          = var.monitoring_instance_type
  subnet_id              = module.vpc.private_subnets[local.monitoring_subnet]
  private_ip             = var.monitoring_private_ip
  vpc_security_group_ids = [aws_security_group.monitoring.id]
  key_name               = aws_key_pair.this.key_name
  iam_instance_profile   = aws_iam_instance_profile.monitoring.name
  ebs_optimized          = true

  metadata_options {
    http_endpoint               = local.metadata_options.http_endpoint
    http_tokens                 = local.metadata_options.http_tokens
    http_put_response_hop_limit = local.metadata_options.http_put_response_hop_limit
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.monitoring_volume_gib
    encrypted   = true
    kms_key_id  = aws_kms_key.environment.arn
  }

  tags = {
    Name = "${local.prefix}-monitoring"
    Role = "monitoring"
  }

  # The metrics live on this host: a newer image of Debian must not replace it.
  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "monitoring" {
  name        = "${local.prefix}-monitoring"
  description = "Monitoring host: ssh from the ops host, samples from the nodes, Grafana from the load balancer"
  vpc_id      = module.vpc.vpc_id

  tags = { Name = "${local.prefix}-monitoring" }
}

resource "aws_vpc_security_group_ingress_rule" "monitoring_ssh" {
  # checkov:skip=CKV_AWS_24:the ops host's group only; the check does not know references to groups
  security_group_id            = aws_security_group.monitoring.id
  description                  = "ssh through the ops host"
  ip_protocol                  = "tcp"
  from_port                    = 22
  to_port                      = 22
  referenced_security_group_id = aws_security_group.ops.id
}

resource "aws_vpc_security_group_ingress_rule" "monitoring_remote_write" {
  security_group_id            = aws_security_group.monitoring.id
  description                  = "Samples from the cluster's agent"
  ip_protocol                  = "tcp"
  from_port                    = local.prometheus_port
  to_port                      = local.prometheus_port
  referenced_security_group_id = module.eks.node_security_group_id
}

resource "aws_vpc_security_group_ingress_rule" "monitoring_grafana" {
  security_group_id            = aws_security_group.monitoring.id
  description                  = "Grafana through the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.grafana_port
  to_port                      = local.grafana_port
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_egress_rule" "monitoring_all" {
  security_group_id = aws_security_group.monitoring.id
  description       = "Packages and releases come from addresses that inventories choose"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
