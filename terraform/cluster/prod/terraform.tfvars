region     = "eu-central-1" # the platform's
monitoring = { days = 15, disk = 100 }
