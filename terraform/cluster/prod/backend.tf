terraform {
  backend "s3" {
    bucket       = "example-terraform-state" # terraform/platform/bootstrap's
    key          = "cluster/prod.tfstate"
    region       = "eu-west-1"
    use_lockfile = true
  }
}
