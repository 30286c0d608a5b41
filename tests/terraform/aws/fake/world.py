"""What EKS asks of the rest of the account: moto's IAM, EC2, KMS and logs."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from moto.backends import get_backend

from tests.terraform.aws.fake.protocol import Refused
from tests.terraform.aws.fake.state import ACCOUNT


def backend(service: str, region: str) -> Any:
    """Return moto's backend of a service."""
    return get_backend(service)[ACCOUNT][region]


def trusting(arn: str, service: str, *actions: str) -> None:
    """Refuse a role that is not there, or that a service may not take on."""
    name = arn.rpartition("/")[2]
    roles = [role for role in backend("iam", "aws").roles.values() if role.name == name]
    if not roles or roles[0].arn != arn:
        raise Refused("InvalidParameter", f"Role with arn: {arn} does not exist")
    missing = {"sts:AssumeRole", *actions} - _trusted(roles[0].assume_role_policy_document, service)
    if missing:
        raise Refused(
            "InvalidParameter",
            f"Role with arn: {arn}, could not be assumed because the trust policy does not give"
            f" {service} {', '.join(sorted(missing))}",
        )


def _trusted(document: Any, service: str) -> set[str]:
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = policy["Statement"]
    found: set[str] = set()
    for one in statements if isinstance(statements, list) else [statements]:
        principals = one.get("Principal", {}).get("Service", [])
        principals = [principals] if isinstance(principals, str) else principals
        actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
        if one["Effect"] == "Allow" and service in principals:
            found |= set(actions)
    return found


def subnets_of(region: str, ids: list[str]) -> list[Any]:
    """Return subnets that are there, or refuse."""
    ec2 = backend("ec2", region)
    known = {subnet.id: subnet for subnet in ec2.describe_subnets()}
    for one in ids:
        if one not in known:
            raise Refused("InvalidParameter", f"The subnet ID '{one}' does not exist")
    return [known[one] for one in ids]


def zones_of(region: str, ids: list[str]) -> set[str]:
    """Return the zones that subnets are in."""
    return {str(subnet.availability_zone) for subnet in subnets_of(region, ids)}


def vpc_of(region: str, ids: list[str], groups: list[str]) -> str:
    """Return the one VPC of a cluster's subnets and security groups, or refuse."""
    found = subnets_of(region, ids)
    if len({subnet.availability_zone for subnet in found}) < 2:
        raise Refused("InvalidParameter", "Subnets specified must be in at least two different AZs")
    vpcs = {subnet.vpc_id for subnet in found}
    if len(vpcs) > 1:
        raise Refused("InvalidParameter", "Subnets specified must be in one VPC")
    vpc = str(vpcs.pop())
    for group in groups:
        known = backend("ec2", region).get_security_group_from_id(group)
        if known is None or known.vpc_id != vpc:
            raise Refused("InvalidParameter", f"Security group {group} is not in VPC {vpc}")
    return vpc


def make_security_group(region: str, cluster: str, vpc: str) -> str:
    """Make the group that EKS itself makes for a cluster."""
    group = backend("ec2", region).create_security_group(
        name=f"eks-cluster-sg-{cluster}-1",
        description="EKS created security group applied to ENI that is attached to EKS Control"
        " Plane master nodes, as well as any managed workloads.",
        vpc_id=vpc,
        tags={f"kubernetes.io/cluster/{cluster}": "owned", "Name": f"eks-cluster-sg-{cluster}-1"},
    )
    return str(group.id)


def make_interfaces(region: str, cluster: str, subnets: list[str], group: str) -> list[str]:
    """Make the network interfaces of a control plane: a subnet that holds one cannot go."""
    ec2 = backend("ec2", region)
    made = []
    for subnet in subnets_of(region, subnets)[:2]:
        made.append(
            ec2.create_network_interface(
                subnet,
                None,
                group_ids=[group],
                description=f"Amazon EKS {cluster}",
                tags={"cluster.k8s.amazonaws.com/name": cluster},
            ).id
        )
    return made


def remove_network(region: str, interfaces: list[str], group: str) -> None:
    """Take away what `make_…` made."""
    ec2 = backend("ec2", region)
    for one in interfaces:
        ec2.delete_network_interface(one)
    ec2.delete_security_group(group_id=group)


def require_key(region: str, arn: str) -> None:
    """Refuse a key that is not there or will not be."""
    kms = backend("kms", region)
    key = kms.keys.get(arn.rpartition("/")[2])
    if key is None or key.key_state != "Enabled":
        raise Refused("InvalidParameter", f"KMS key {arn} does not exist or is not enabled")


def write_log(region: str, cluster: str) -> None:
    """Write a line of the control plane's log: a group that is missing is made, without limits."""
    logs = backend("logs", region)
    name = f"/aws/eks/{cluster}/cluster"
    if name not in logs.groups:
        logs.create_log_group(name, {})


def trusting_web(arn: str) -> None:
    """Refuse a role that no OIDC provider of this account may take on (IRSA)."""
    name = arn.rpartition("/")[2]
    for role in backend("iam", "aws").roles.values():
        if role.name == name and "sts:AssumeRoleWithWebIdentity" in unquote(
            str(role.assume_role_policy_document)
        ):
            return
    raise Refused("InvalidParameter", f"Role with arn: {arn} trusts no OIDC provider")


def require_arn(arn: str, kind: str) -> None:
    """Refuse what is no ARN of IAM."""
    if not re.match(rf"arn:aws[a-z-]*:iam::\d{{12}}:{kind}/.+", arn):
        raise Refused("InvalidParameter", f"{arn} is no ARN of an IAM {kind}")
