output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "The VPC's addresses."
  value       = var.cidr
}

# Whoever takes a subnet depends on its routes and gateways too. So in a destroy the nodes go first,
# while they can still reach the API that they must tell about it.
output "subnets" {
  description = "Subnets' ids by zone: public, private (nodes), intra (no way out)."
  value = {
    public  = { for zone, subnet in aws_subnet.public : zone => subnet.id }
    private = { for zone, subnet in aws_subnet.private : zone => subnet.id }
    intra   = { for zone, subnet in aws_subnet.intra : zone => subnet.id }
  }

  depends_on = [
    aws_nat_gateway.this, aws_route.private, aws_route.public, aws_route_table_association.intra,
    aws_route_table_association.private, aws_route_table_association.public, aws_vpc_endpoint.interface,
    aws_vpc_endpoint_route_table_association.s3,
  ]
}

output "nat_ips" {
  description = "The addresses that calls to the outside come from, by zone."
  value       = { for zone, address in aws_eip.nat : zone => address.public_ip }
}

output "public_cidrs" {
  description = "The public subnets' addresses by zone: where a load balancer's requests come from."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block }
}
