# One network load balancer with a static address in each zone: port 80 to the cluster's ingress controller, port 3000 to
# Grafana, which does TLS itself.

resource "aws_eip" "load_balancer" {
  # checkov:skip=CKV2_AWS_19:these belong to the load balancer's nodes
  count = length(var.public_subnets)

  domain = "vpc"
  tags   = { Name = "${local.prefix}-nlb-${var.availability_zones[count.index]}" }

  # Public addresses answer by the internet gateway only; asking for it here makes Terraform wait for it, and for nothing else.
  lifecycle {
    precondition {
      condition     = module.vpc.igw_id != null
      error_message = "The VPC has no internet gateway: public_subnets must not be empty."
    }
  }
}

resource "aws_lb" "this" {
  # checkov:skip=CKV_AWS_150:destroying an environment is confirmed by its name in beacon.platform.destroy
  # checkov:skip=CKV_AWS_91:a network load balancer logs TLS listeners only, and these pass TCP on; flows are in the VPC's flow log
  # checkov:skip=CKV2_AWS_20:not an application load balancer
  name               = local.prefix
  load_balancer_type = "network"
  internal           = false
  security_groups    = [aws_security_group.load_balancer.id]

  enable_cross_zone_load_balancing = true

  dynamic "subnet_mapping" {
    for_each = aws_eip.load_balancer[*].allocation_id

    content {
      subnet_id     = module.vpc.public_subnets[subnet_mapping.key]
      allocation_id = subnet_mapping.value
    }
  }
}

resource "aws_security_group" "load_balancer" {
  name        = "${local.prefix}-nlb"
  description = "Load balancer: who may call, and what it may reach"
  vpc_id      = module.vpc.vpc_id

  tags = { Name = "${local.prefix}-nlb" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_http" {
  for_each = toset(var.http_allowed_cidrs)

  security_group_id = aws_security_group.load_balancer.id
  description       = "Web application"
  ip_protocol       = "tcp"
  from_port         = local.http_port
  to_port           = local.http_port
  cidr_ipv4         = each.key
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer_grafana" {
  for_each = toset(var.grafana_allowed_cidrs)

  security_group_id = aws_security_group.load_balancer.id
  description       = "Grafana"
  ip_protocol       = "tcp"
  from_port         = local.grafana_port
  to_port           = local.grafana_port
  cidr_ipv4         = each.key
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_nodes" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Nodes: requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.node_port_http
  to_port                      = local.node_port_http
  referenced_security_group_id = module.eks.node_security_group_id
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_grafana" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Grafana"
  ip_protocol                  = "tcp"
  from_port                    = local.grafana_port
  to_port                      = local.grafana_port
  referenced_security_group_id = aws_security_group.host["monitoring"].id
}

# Any node takes a request and hands it to an ingress pod, wherever that runs. The health check takes the same way, to a path
# that nginx answers itself: all targets are unhealthy when no ingress pod serves, and one is when its node doesn't forward.
# A node that goes is drained by its Auto Scaling group, which deregisters it first.
# The PROXY protocol header tells the ingress controller who calls; the target sees the load balancer's address in either cloud.
resource "aws_lb_target_group" "http" {
  name                   = "${local.prefix}-http"
  vpc_id                 = module.vpc.vpc_id
  target_type            = "instance"
  protocol               = "TCP"
  port                   = local.node_port_http
  proxy_protocol_v2      = true
  preserve_client_ip     = false
  deregistration_delay   = 30
  connection_termination = true

  health_check {
    protocol            = "HTTP"
    port                = "traffic-port"
    path                = local.ingress_health_path
    matcher             = "200"
    interval            = 5 # the shortest: a lost node gets no requests after some ten seconds
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

# Nodes come and go with their Auto Scaling group, which registers them by itself.
resource "aws_autoscaling_attachment" "nodes" {
  # checkov:skip=CKV2_AWS_15:the group is EKS's, which replaces nodes by its own health
  autoscaling_group_name = module.eks.eks_managed_node_groups["workers"].node_group_autoscaling_group_names[0]
  lb_target_group_arn    = aws_lb_target_group.http.arn
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = local.http_port

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.http.arn
  }
}

resource "aws_lb_target_group" "grafana" {
  name                   = "${local.prefix}-grafana"
  vpc_id                 = module.vpc.vpc_id
  target_type            = "instance"
  protocol               = "TCP"
  port                   = local.grafana_port
  deregistration_delay   = 30
  connection_termination = true

  health_check {
    protocol            = "TCP"
    port                = local.grafana_port
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group_attachment" "grafana" {
  target_group_arn = aws_lb_target_group.grafana.arn
  target_id        = aws_instance.host["monitoring"].id
  port             = local.grafana_port
}

resource "aws_lb_listener" "grafana" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = local.grafana_port

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.grafana.arn
  }
}
