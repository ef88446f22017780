# ---------------------------------------------------------------------------------------------------------------------
# Deployer: pushes images, administers the cluster (by its access entry in eks.tf), writes and reads the parameters
# ---------------------------------------------------------------------------------------------------------------------

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
  policy = data.aws_iam_policy_document.deployer.json
}

data "aws_iam_policy_document" "deployer" {
  statement {
    sid       = "FindCluster"
    actions   = ["eks:DescribeCluster"]
    resources = [module.eks.cluster_arn]
  }

  # These two have no resource to name.
  statement {
    sid       = "LogInToRegistryAndFindHosts"
    actions   = ["ecr:GetAuthorizationToken", "ec2:DescribeInstances"]
    resources = ["*"]
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:DescribeImageScanFindings",
      "ecr:DescribeRepositories",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:ListImages",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [for repository in aws_ecr_repository.this : repository.arn]
  }

  statement {
    sid = "ParametersOfThisEnvironment"
    actions = [
      "ssm:DeleteParameter",
      "ssm:GetParameter",
      "ssm:GetParameters",
      "ssm:PutParameter",
    ]
    resources = [
      for name in values(local.parameters) : "arn:${local.partition}:ssm:${var.region}:${local.account_id}:parameter${name}"
    ]
  }

  statement {
    sid       = "KeyOfTheParameters"
    actions   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.environment.arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${var.region}.amazonaws.com"]
    }
  }
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
