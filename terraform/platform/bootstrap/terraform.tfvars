bucket = "example-terraform-state" # yours
aws    = { account = "111122223333", region = "eu-central-1" }
states = ["platform/dev.tfstate", "platform/prod.tfstate"]
