locals {
  repositories = toset(["webapp", "nginx-ingress", "descheduler", "prometheus"])
}

resource "aws_ecr_repository" "this" {
  for_each = local.repositories

  name                 = "${local.prefix}/${each.key}"
  image_tag_mutability = "IMMUTABLE"

  # Images can be built and copied again at any time: they don't stand in the way of `destroy`.
  force_delete = true

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.environment.arn
  }
}

# What has a tag stays: which images are deployed, or what a release goes back to, only the cluster and people know, and what
# is attached to an image (its SBOM) has a tag, too. A GB costs 0.10 USD a month; an image that is gone costs an outage.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = local.repositories

  repository = aws_ecr_repository.this[each.key].name
  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Untagged images are leftovers of pushes that broke off"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
    ]
  })
}
