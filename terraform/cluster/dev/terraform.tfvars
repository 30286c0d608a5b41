region     = "eu-west-1" # the platform's
monitoring = { days = 3, disk = 20 }
