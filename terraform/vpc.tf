module "vpc" {
  # checkov:skip=CKV_TF_1:the registry's releases are pinned by version; a commit would tie the source to one place of download
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.21.0"

  name = local.prefix
  cidr = var.vpc_cidr

  azs             = var.availability_zones
  public_subnets  = var.public_subnets
  private_subnets = var.private_subnets

  # Nodes and the monitoring host have no public address: packages and images come through NAT.
  enable_nat_gateway     = true
  single_nat_gateway     = var.single_nat_gateway
  one_nat_gateway_per_az = !var.single_nat_gateway

  enable_flow_log                                 = true
  create_flow_log_cloudwatch_iam_role             = true
  create_flow_log_cloudwatch_log_group            = true
  flow_log_cloudwatch_log_group_retention_in_days = var.log_retention_days
  flow_log_cloudwatch_log_group_kms_key_id        = aws_kms_key.environment.arn

  tags = local.tags
}

# Image layers and backups are in S3: this way costs nothing, the one through NAT is paid by the GB.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = module.vpc.vpc_id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = module.vpc.private_route_table_ids

  tags = { Name = "${local.prefix}-s3" }
}
