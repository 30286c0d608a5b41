# A failing input for each rule that is the platform's root's own.
variables {
  name    = "dev"
  aws     = { account = "111122223333", region = "eu-central-1" }
  network = { cidr = "10.20.0.0/16", zones = ["eu-central-1a", "eu-central-1b"] }
  cluster = { compute = { mode = "auto_mode" }, admins = {}, addons = {} }
  edge    = { zone = { name = "dev.example.com", create = true } }
}

run "accepts_ten_services" {
  command = plan

  variables {
    services = { a = {}, b = {}, c = {}, d = {}, e = {}, f = {}, g = {}, h = {}, i = {}, j = {} }
  }
}

run "refuses_eleven_services" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { a = {}, b = {}, c = {}, d = {}, e = {}, f = {}, g = {}, h = {}, i = {}, j = {}, k = {} }
  }
}

run "refuses_a_route_that_is_none" {
  command         = plan
  expect_failures = [var.edge]

  variables {
    edge = { zone = { name = "dev.example.com", create = true }, route = "nginx" }
  }
}
