terraform {
  # 1.11 is the first release in which the S3 backend's own lock file is stable.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, key and region belong to an environment: `terraform init -backend-config=…` gives them.
  backend "s3" {
    use_lockfile = true
    encrypt      = true
  }
}
