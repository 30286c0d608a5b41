# Once for each account, before any platform. Its own state begins as a file in this folder and is
# moved into the bucket that it made: docs/aws.md.
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region              = var.aws.region
  allowed_account_ids = [var.aws.account]

  default_tags {
    tags = { "morrow:platform" = "bootstrap" }
  }
}
