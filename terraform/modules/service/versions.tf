terraform {
  required_version = ">= 1.11"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.1.1, < 4" # before 3.1.1 upgrade_install is lost or its result inconsistent
    }
  }
}
