terraform {
  backend "s3" {
    bucket       = "example-terraform-state" # terraform/platform/bootstrap's
    key          = "platform/dev.tfstate"
    region       = "eu-west-1"
    use_lockfile = true
  }
}
