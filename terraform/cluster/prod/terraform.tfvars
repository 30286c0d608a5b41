region     = "eu-west-1" # the platform's
monitoring = { days = 15, disk = 100 }
