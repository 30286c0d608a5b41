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

run "refuses_two_services_with_one_host" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { hello = {}, shop = { host = "hello.dev.example.com" } }
  }
}

run "refuses_less_than_no_traffic" {
  command         = plan
  expect_failures = [var.usage]

  variables {
    usage = { nat_gb = -1 }
  }
}

run "refuses_less_than_no_nodes" {
  command         = plan
  expect_failures = [var.usage]

  variables {
    usage = { nodes = { "m7g.large" = -1 } }
  }
}
