# The monitoring host: central Prometheus and Grafana, without a public address.

resource "aws_vpc_security_group_ingress_rule" "monitoring_ssh" {
  # checkov:skip=CKV_AWS_24:the ops host's group only; the check does not know references to groups
  security_group_id            = aws_security_group.host["monitoring"].id
  description                  = "ssh through the ops host"
  ip_protocol                  = "tcp"
  from_port                    = 22
  to_port                      = 22
  referenced_security_group_id = aws_security_group.host["ops"].id
}

resource "aws_vpc_security_group_ingress_rule" "monitoring_remote_write" {
  security_group_id            = aws_security_group.host["monitoring"].id
  description                  = "Samples from the agent of the cluster"
  ip_protocol                  = "tcp"
  from_port                    = local.prometheus_port
  to_port                      = local.prometheus_port
  referenced_security_group_id = module.eks.node_security_group_id
}

resource "aws_vpc_security_group_ingress_rule" "monitoring_grafana" {
  security_group_id            = aws_security_group.host["monitoring"].id
  description                  = "Grafana through the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.grafana_port
  to_port                      = local.grafana_port
  referenced_security_group_id = aws_security_group.load_balancer.id
}
