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
  allowed_account_ids = [var.aws.account] # never another account by mistake

  default_tags {
    tags = { "morrow:platform" = var.name }
  }
}
