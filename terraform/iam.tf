# ---------------------------------------------------------------------------------------------------------------------
# Roles of the playbooks: deployer for all after `provision`, administrator of the cluster (by its access entry in eks.tf);
# verifier for `verify`, which only reads. What each is allowed to do stands in permissions/.
# ---------------------------------------------------------------------------------------------------------------------

locals {
  permissions = {
    account_id   = local.account_id
    environment  = var.environment
    images_key   = aws_kms_key.images.arn
    key          = aws_kms_key.environment.arn
    partition    = local.partition
    region       = var.region
    state_bucket = var.state_bucket
  }
}

resource "aws_iam_role" "deployer" {
  name               = "${local.prefix}-deployer"
  description        = "Deploys to Beacon ${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.deployer_trust.json
}

data "aws_iam_policy_document" "deployer_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.deployer_trusted_arns
    }
  }
}

resource "aws_iam_role_policy" "deployer" {
  name   = "deploy"
  role   = aws_iam_role.deployer.id
  policy = templatefile("${path.module}/permissions/deployer.json.tftpl", local.permissions)
}

resource "aws_iam_role" "verifier" {
  name               = "${local.prefix}-verifier"
  description        = "Verifies Beacon ${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.deployer_trust.json
}

resource "aws_iam_role_policy" "verifier" {
  name   = "verify"
  role   = aws_iam_role.verifier.id
  policy = templatefile("${path.module}/permissions/verifier.json.tftpl", local.permissions)
}

# ---------------------------------------------------------------------------------------------------------------------
# Hosts: no rights but the monitoring host's in its bucket (backup.tf), and no secret of the environment, whatever else
# allows it. Who takes a host over finds its role's credentials at the metadata service.
# ---------------------------------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "instance_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "host" {
  for_each = local.hosts

  name               = "${local.prefix}-${each.key}"
  description        = "${title(each.key)} host of Beacon ${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.instance_trust.json
}

resource "aws_iam_role_policy" "host_no_parameters" {
  for_each = local.hosts

  name   = "no-parameters"
  role   = aws_iam_role.host[each.key].id
  policy = data.aws_iam_policy_document.host_no_parameters.json
}

data "aws_iam_policy_document" "host_no_parameters" {
  # All of them: who may read a path may read what is below it, also where that is denied.
  # https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
  statement {
    sid       = "NoParameters"
    effect    = "Deny"
    actions   = ["ssm:GetParameter*"]
    resources = ["*"]
  }
}

resource "aws_iam_instance_profile" "host" {
  for_each = local.hosts

  name = "${local.prefix}-${each.key}"
  role = aws_iam_role.host[each.key].name
}
