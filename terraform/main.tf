provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Debian's own account publishes the images; the name holds the release, so a new one is a change of this line.
data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-13-amd64-*"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

locals {
  prefix     = "beacon-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  tags = merge(var.tags, {
    Project     = "beacon"
    Environment = var.environment
  })

  ssh_user        = "admin" # of Debian's images
  http_port       = 80
  grafana_port    = 3000
  prometheus_port = 9090
  exporter_port   = 9100
  node_port_http  = 30080
  # what nginx answers itself: https://docs.nginx.com/nginx-ingress-controller/configuration/global-configuration/command-line-arguments/
  ingress_health_path = "/nginx-health"
  metrics_api_port    = 10251

  # Of hosts and nodes: the metadata service answers to tokens only (IMDSv2), and to nobody behind the machine.
  metadata_options = {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}
