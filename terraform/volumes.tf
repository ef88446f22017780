# What the monitoring host keeps: metrics, Grafana's database, silences. On a volume of its own, which outlives the host.

resource "aws_ebs_volume" "monitoring" {
  availability_zone = module.vpc.azs[local.monitoring_subnet]
  type              = "gp3"
  size              = var.monitoring_data_volume_gib
  encrypted         = true
  kms_key_id        = aws_kms_key.environment.arn

  tags = { Name = "${local.prefix}-monitoring-data" }

  # No plan ends or replaces it. A destroy may: it asks for the environment's name, and role infrastructure then lifts this.
  lifecycle {
    prevent_destroy = true
  }
}

# The instance is stopped first, which unmounts: nothing that was written is lost when another one takes its place.
resource "aws_volume_attachment" "monitoring" {
  device_name                    = "/dev/sdf" # Nitro instances have another name for it: see outputs.tf
  volume_id                      = aws_ebs_volume.monitoring.id
  instance_id                    = aws_instance.host["monitoring"].id
  stop_instance_before_detaching = true
}
