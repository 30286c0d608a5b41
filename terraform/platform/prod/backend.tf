terraform {
  backend "s3" {
    bucket       = "example-terraform-state" # terraform/platform/bootstrap's
    key          = "platform/prod.tfstate"
    region       = "eu-west-1"
    use_lockfile = true
  }
}
