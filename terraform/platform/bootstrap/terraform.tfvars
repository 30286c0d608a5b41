bucket = "example-terraform-state" # yours
aws    = { account = "111122223333", region = "eu-west-1" }
states = ["platform/dev.tfstate", "platform/prod.tfstate"]
