# The only door from Terraform to Ansible: role infrastructure publishes these as one dictionary.

output "environment" {
  description = "Name of the environment."
  value       = var.environment
}

output "region" {
  description = "AWS region of everything."
  value       = var.region
}

output "account_id" {
  description = "AWS account of everything."
  value       = local.account_id
}

output "cluster_name" {
  description = "Name of the EKS cluster."
  value       = module.eks.cluster_name
}

output "cluster_endpoint" {
  description = "Address of the cluster's API, which answers inside the VPC only."
  value       = module.eks.cluster_endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate authority of the cluster's API, base64."
  value       = module.eks.cluster_certificate_authority_data
}

output "deployer_role_arn" {
  description = "Role to assume for deployments; administrator of the cluster."
  value       = aws_iam_role.deployer.arn
}

output "vpc_id" {
  description = "The VPC."
  value       = module.vpc.vpc_id
}

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = module.vpc.vpc_cidr_block
}

output "ops_public_ip" {
  description = "Static public address of the ops host."
  value       = aws_eip.ops.public_ip

  # Whoever reads the address wants to connect to it.
  depends_on = [aws_eip_association.ops]
}

output "ops_instance_id" {
  description = "Instance of the ops host."
  value       = aws_instance.host["ops"].id
}

output "monitoring_private_ip" {
  description = "Fixed private address of the monitoring host."
  value       = aws_instance.host["monitoring"].private_ip
}

output "monitoring_instance_id" {
  description = "Instance of the monitoring host."
  value       = aws_instance.host["monitoring"].id
}

output "monitoring_data_device" {
  description = "Name of the disk with the monitoring host's data, there; of instance types of the Nitro system."
  value       = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${replace(aws_ebs_volume.monitoring.id, "-", "")}"

  # Whoever reads the name wants to mount it.
  depends_on = [aws_volume_attachment.monitoring]
}

output "load_balancer_addresses" {
  description = "Static public addresses of the load balancer, one for each zone."
  value       = aws_eip.load_balancer[*].public_ip
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "http_port" {
  description = "Port of the load balancer for the web application."
  value       = local.http_port
}

output "grafana_port" {
  description = "Port of the load balancer, and of the monitoring host, for Grafana (TLS)."
  value       = local.grafana_port
}

output "node_port_http" {
  description = "NodePort on which the ingress controller has to listen."
  value       = local.node_port_http
}

output "ssh_user" {
  description = "User for ssh to the ops and monitoring hosts."
  value       = local.ssh_user
}

output "image_platform" {
  description = "Platform of the nodes, which images must be built for."
  value       = strcontains(local.node_ami_type, "_x86_64") ? "linux/amd64" : "linux/arm64"
}

output "ecr_repositories" {
  description = "Image repositories by their short names: address and ARN."
  value       = { for name, repository in aws_ecr_repository.this : name => { url = repository.repository_url, arn = repository.arn } }
}

output "parameters" {
  description = "SSM parameters' paths by their short names; their values are written by the roles."
  value       = local.parameters
}

output "kms_key_arn" {
  description = "Key of the environment, for parameters."
  value       = aws_kms_key.environment.arn
}

output "images_key_arn" {
  description = "Key that signs images."
  value       = aws_kms_key.images.arn
}

output "backup_bucket" {
  description = "Bucket for snapshots of the central Prometheus."
  value       = aws_s3_bucket.backup.bucket
}
