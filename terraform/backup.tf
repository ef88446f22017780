# The repository of restic with the central Prometheus' series: the monitoring host adds to it, beacon.platform.restore reads it.

resource "aws_s3_bucket" "backup" {
  # checkov:skip=CKV_AWS_18:one host writes here, each hour, and says so in its journal
  # checkov:skip=CKV_AWS_144:copies of copies in a second region cost more than a month of metrics is worth
  # checkov:skip=CKV2_AWS_62:nobody waits for a notification
  bucket = "${local.prefix}-backup-${local.account_id}"

  # destroy.yml asks for the environment's name, and says that all metrics go with it
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "backup" {
  bucket                  = aws_s3_bucket.backup.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "backup" {
  bucket                = aws_s3_bucket.backup.id
  expected_bucket_owner = local.account_id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.environment.arn
    }
  }
}

resource "aws_s3_bucket_policy" "backup" {
  count = var.require_tls ? 1 : 0

  bucket = aws_s3_bucket.backup.id
  policy = data.aws_iam_policy_document.backup_bucket.json

  # S3 takes one change of a bucket's access at a time.
  depends_on = [aws_s3_bucket_public_access_block.backup]
}

data "aws_iam_policy_document" "backup_bucket" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.backup.arn, "${aws_s3_bucket.backup.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

# What was overwritten or deleted, by mistake or by somebody who got hold of the host, can be had back for a month: the host may
# not delete versions (docs/runbooks.md, "Backups were deleted").
resource "aws_s3_bucket_versioning" "backup" {
  bucket                = aws_s3_bucket.backup.id
  expected_bucket_owner = local.account_id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "backup" {
  bucket                = aws_s3_bucket.backup.id
  expected_bucket_owner = local.account_id

  rule {
    id     = "deleted-a-month-ago"
    status = "Enabled"

    filter {}

    # Nothing ends by its age: the newest snapshot needs data that the oldest one brought
    expiration {
      expired_object_delete_marker = true
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.backup]
}

# The monitoring host adds, reads, and lets old snapshots end; what it deletes stays as a version.
resource "aws_iam_role_policy" "monitoring_backup" {
  name   = "backup"
  role   = aws_iam_role.host["monitoring"].id
  policy = templatefile("${path.module}/permissions/monitoring.json.tftpl", local.permissions)
}
