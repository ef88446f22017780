# One key of the environment: parameters, images, volumes and logs. The cluster's secrets have a key of their own (eks.tf), and so have
# the signatures of images.

resource "aws_kms_key" "environment" {
  description         = "Beacon ${var.environment}: parameters, images, volumes, logs"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.environment_key.json

  tags = { Name = local.prefix }
}

resource "aws_kms_alias" "environment" {
  name          = "alias/${local.prefix}"
  target_key_id = aws_kms_key.environment.key_id
}

# Signs what was built here, and verifies what is deployed. KMS does not rotate keys that sign.
resource "aws_kms_key" "images" {
  description              = "Beacon ${var.environment}: signatures of images"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  policy                   = data.aws_iam_policy_document.account_key.json

  tags = { Name = "${local.prefix}-images" }
}

resource "aws_kms_alias" "images" {
  name          = "alias/images/${local.prefix}"
  target_key_id = aws_kms_key.images.key_id
}

data "aws_iam_policy_document" "account_key" {
  # checkov:skip=CKV_AWS_109:in a key's policy the resource is the key itself, and the principal is this account only
  # checkov:skip=CKV_AWS_111:as above
  # checkov:skip=CKV_AWS_356:as above
  # The account decides by IAM policies who may use the key; without this statement nobody could ever change it.
  statement {
    sid       = "AccountByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }
}

data "aws_iam_policy_document" "environment_key" {
  # checkov:skip=CKV_AWS_109:in a key's policy the resource is the key itself, and the principal is this account only
  # checkov:skip=CKV_AWS_111:as above
  # checkov:skip=CKV_AWS_356:as above
  source_policy_documents = [data.aws_iam_policy_document.account_key.json]

  statement {
    sid       = "LogGroupsOfThisAccount"
    actions   = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:*"]
    }
  }
}
