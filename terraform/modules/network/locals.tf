locals {
  # Each zone's place among the addresses follows from its letter, not from its place in the list,
  # so a zone that comes or goes moves no other.
  slots = { for zone in var.zones : zone => index(split("", "abcdefgh"), substr(zone, -1, 1)) }

  nat_zones = { none = [], one = slice(var.zones, 0, 1), per_zone = var.zones }[var.nat]

  known_endpoints = [
    "autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms",
    "logs", "monitoring", "secretsmanager", "sqs", "ssm", "sts",
  ]
  needed_without_nat = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]

  flow_log_group = "/aws/vpc/${var.name}"
  flow_log_arn   = "arn:${var.aws.partition}:logs:${var.aws.region}:${var.aws.account}:log-group:${local.flow_log_group}"
}
