# The load balancer's own group is ours, so that a destroy knows it; rules towards the pods are the
# controller's.
resource "aws_security_group" "this" {
  name        = "${var.name}-load-balancer"
  description = "Who may reach the load balancers of ${var.name}"
  vpc_id      = var.vpc.id
  tags        = { Name = "${var.name}-load-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  for_each = var.clients

  security_group_id = aws_security_group.this.id
  description       = "HTTP from ${each.key}, which is sent on to HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = var.clients

  security_group_id = aws_security_group.this.id
  description       = "HTTPS from ${each.key}"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "pods" {
  security_group_id = aws_security_group.this.id
  description       = "The pods"
  cidr_ipv4         = var.vpc.cidr
  ip_protocol       = "tcp"
  from_port         = 1024
  to_port           = 65535
}
