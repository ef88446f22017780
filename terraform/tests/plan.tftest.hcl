# What the plan promises, without an AWS: `terraform test` after `terraform init -backend=false`.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012", arn = "arn:aws:iam::123456789012:user/test" }
  }

  mock_data "aws_iam_session_context" {
    defaults = { issuer_arn = "arn:aws:iam::123456789012:user/test" }
  }
}

variables {
  environment              = "test"
  region                   = "eu-west-1"
  vpc_cidr                 = "10.42.0.0/16"
  availability_zones       = ["eu-west-1a", "eu-west-1b"]
  public_subnets           = ["10.42.0.0/24", "10.42.1.0/24"]
  private_subnets          = ["10.42.10.0/24", "10.42.11.0/24"]
  ssh_allowed_cidrs        = ["198.51.100.1/32"]
  http_allowed_cidrs       = ["0.0.0.0/0"]
  grafana_allowed_cidrs    = ["198.51.100.0/24"]
  ssh_public_key           = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8k3b5Wm0n7m2Jr0hQJm9fVvXw6cYbYyS8b3o4Yh2c1 test"
  node_instance_type       = "t3.medium"
  node_count               = { min = 2, desired = 2, max = 3 }
  ops_instance_type        = "t3.micro"
  monitoring_instance_type = "t3.small"
  monitoring_private_ip    = "10.42.10.20"
  deployer_trusted_arns    = ["arn:aws:iam::123456789012:role/operators"]
  state_bucket             = "beacon-test-state-123456789012"
}

run "plan" {
  command = plan

  assert {
    condition     = aws_kms_key.environment.enable_key_rotation
    error_message = "AWS does not rotate the environment's KMS key each year."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.ops_ssh : rule.cidr_ipv4] == ["198.51.100.1/32"]
    error_message = "ssh is open to more than the allowed ranges."
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.load_balancer_grafana : "${rule.from_port} ${rule.cidr_ipv4}"] == ["3000 198.51.100.0/24"]
    error_message = "Grafana is open to more than its own ranges."
  }

  assert {
    condition     = alltrue([for each in aws_ecr_repository.this : each.image_tag_mutability == "IMMUTABLE" && each.image_scanning_configuration[0].scan_on_push])
    error_message = "A repository takes a tag twice, or does not scan."
  }

  assert {
    condition     = length(aws_eip.load_balancer) == 2 && !aws_lb.this.internal
    error_message = "The load balancer needs a static address in each zone."
  }

  assert {
    condition     = aws_lb_target_group.http.port == output.node_port_http && aws_lb_target_group.http.health_check[0].port == "traffic-port" && aws_lb_target_group.http.health_check[0].path == "/nginx-health"
    error_message = "Requests and health checks do not go to the ingress controller's NodePort."
  }

  assert {
    condition     = aws_lb_target_group.http.proxy_protocol_v2 && aws_lb_target_group.grafana.proxy_protocol_v2 != true
    error_message = "The ingress controller is not told who calls, or Grafana is, which does not understand it."
  }

  assert {
    condition     = alltrue([for host in aws_instance.host : host.metadata_options[0].http_tokens == "required" && host.root_block_device[0].encrypted])
    error_message = "A host answers IMDSv1 or has a volume in the clear."
  }

  assert {
    condition     = aws_instance.host["monitoring"].private_ip == "10.42.10.20"
    error_message = "The monitoring host has another address."
  }

  assert {
    condition     = aws_ebs_volume.monitoring.encrypted && aws_ebs_volume.monitoring.type == "gp3" && aws_ebs_volume.monitoring.size == 50
    error_message = "The monitoring host's data is in the clear, or on another volume than is promised."
  }

  assert {
    condition     = aws_ebs_volume.monitoring.availability_zone == "eu-west-1a" && aws_volume_attachment.monitoring.stop_instance_before_detaching
    error_message = "The volume can't be attached to the monitoring host, or is torn off one that writes."
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.backup.restrict_public_buckets && output.backup_bucket == "beacon-test-backup-123456789012"
    error_message = "The bucket of backups is open, or has another name."
  }

  assert {
    condition     = toset(keys(aws_iam_role_policy.host_no_parameters)) == toset(keys(aws_iam_role.host)) && data.aws_iam_policy_document.host_no_parameters.statement[0].effect == "Deny" && contains(data.aws_iam_policy_document.host_no_parameters.statement[0].resources, "*")
    error_message = "A host may read parameters."
  }

  assert {
    condition     = aws_iam_role.deployer.assume_role_policy == aws_iam_role.verifier.assume_role_policy && aws_iam_role.verifier.name == "beacon-test-verifier"
    error_message = "Another list than deployer_trusted_arns is trusted by the verifier, or its name is not what the playbooks assume."
  }

  assert {
    condition     = alltrue(flatten([for each in aws_ecr_lifecycle_policy.this : [for rule in jsondecode(each.policy).rules : rule.selection.tagStatus == "untagged"]]))
    error_message = "A lifecycle rule may remove an image that is deployed, or what is attached to one."
  }

  assert {
    condition     = length(aws_s3_bucket_policy.backup) == 1 && data.aws_iam_policy_document.backup_bucket.statement[0].effect == "Deny" && one(data.aws_iam_policy_document.backup_bucket.statement[0].condition).variable == "aws:SecureTransport"
    error_message = "The bucket of backups answers plain HTTP."
  }

  assert {
    condition     = alltrue([for owner in [aws_s3_bucket_versioning.backup.expected_bucket_owner, aws_s3_bucket_lifecycle_configuration.backup.expected_bucket_owner, aws_s3_bucket_server_side_encryption_configuration.backup.expected_bucket_owner] : owner == "123456789012"])
    error_message = "The bucket of backups may be somebody else's."
  }

  assert {
    condition     = output.image_platform == "linux/amd64"
    error_message = "Images are built for another platform than the nodes'."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.eu-west-1.s3"
    error_message = "Image layers and backups go through NAT."
  }

  assert {
    condition     = output.parameters.grafana_admin == "/beacon/test/grafana-admin"
    error_message = "Parameters are not under the environment's path."
  }
}

run "monitoring_host_in_the_second_zone" {
  command = plan

  variables {
    monitoring_private_ip = "10.42.11.77"
  }

  assert {
    condition     = local.monitoring_subnet == 1
    error_message = "The host's subnet is not the one that holds its address."
  }

  assert {
    condition     = aws_ebs_volume.monitoring.availability_zone == "eu-west-1b"
    error_message = "The volume is in another zone than its host."
  }
}

run "every_kind_of_principal_is_trusted_as_it_is" {
  command = plan

  variables {
    deployer_trusted_arns = [
      "arn:aws:iam::123456789012:user/alice",
      "arn:aws:iam::123456789012:user/people/alice@example.org",
      "arn:aws:iam::123456789012:role/operators",
      "arn:aws:iam::123456789012:role/teams/platform/operators",
      "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Administrator_0123456789abcdef",
      "arn:aws-us-gov:iam::123456789012:role/operators",
    ]
  }

  assert {
    condition     = toset(one(data.aws_iam_policy_document.deployer_trust.statement[0].principals).identifiers) == toset(var.deployer_trusted_arns)
    error_message = "The deployer role trusts others than the listed principals."
  }
}
