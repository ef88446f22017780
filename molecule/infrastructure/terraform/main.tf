# The smallest root module with the interface that the role expects: some of its variables, a backend, outputs.
terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
  backend "s3" {
    use_lockfile = true
  }
}

variable "environment" {
  type = string
}

variable "region" {
  type = string
}

variable "vpc_cidr" {
  type = string
}

variable "ssh_public_key" {
  type = string
}

variable "deployer_trusted_arns" {
  type = list(string)
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "this" {}

resource "aws_ssm_parameter" "range" {
  name  = "/molecule/infrastructure/${var.environment}"
  type  = "String"
  value = var.vpc_cidr
}

resource "aws_key_pair" "this" {
  key_name   = "beacon-${var.environment}"
  public_key = var.ssh_public_key
}

output "vpc_cidr" {
  value = nonsensitive(aws_ssm_parameter.range.value) # a range of addresses is no secret
}

output "account_id" {
  value = data.aws_caller_identity.this.account_id
}

output "region" {
  value = var.region
}

output "deployer" {
  value = one(var.deployer_trusted_arns)
}
