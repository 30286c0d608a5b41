terraform {
  backend "s3" {
    bucket       = "example-terraform-state" # terraform/platform/bootstrap's
    key          = "cluster/dev.tfstate"
    region       = "eu-central-1"
    use_lockfile = true
  }
}
