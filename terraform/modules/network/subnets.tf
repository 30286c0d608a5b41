# Of a /16: private /20 (0-127), public /22 (128-159), intra /24 (160-167) in the third byte.

# Load balancers and NAT gateways.
resource "aws_subnet" "public" {
  for_each = local.slots

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 6, 32 + each.value)
  tags              = { Name = "${var.name}-public-${each.key}", "kubernetes.io/role/elb" = "1" }
}

# Nodes, pods, the control plane's interfaces.
resource "aws_subnet" "private" {
  for_each = local.slots

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value)
  tags              = { Name = "${var.name}-private-${each.key}", "kubernetes.io/role/internal-elb" = "1" }
}

# Endpoints, databases: no way out.
resource "aws_subnet" "intra" {
  for_each = local.slots

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 8, 160 + each.value)
  tags              = { Name = "${var.name}-intra-${each.key}" }
}
