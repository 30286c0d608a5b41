"""What an EKS needs around it, made by boto3 in the fake: a network, roles, a cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.terraform.aws.account import REGION, Account

LOOKS = 5  # more than a thing takes to be what it is on its way to


@dataclass
class Stage:
    """An account with a network and roles."""

    account: Account
    subnets: list[str]
    roles: dict[str, str]

    def eks(self, operation: str, /, extra: dict[str, Any] | None = None, **given: Any) -> Any:
        """Ask EKS."""
        return self.account.ask("eks", operation, extra=extra, **given)

    def cluster(self, name: str, **given: Any) -> dict[str, Any]:
        """Make a cluster and wait for it."""
        self.eks("create_cluster", **self.plain(name, **given))
        found: dict[str, Any] = self.settled("describe_cluster", name=name)["cluster"]
        return found

    def plain(self, name: str, **given: Any) -> dict[str, Any]:
        """Return what a cluster that works is made with."""
        return {
            "name": name,
            "roleArn": self.roles["cluster"],
            "version": "1.35",
            "resourcesVpcConfig": {"subnetIds": self.subnets[:2], "endpointPrivateAccess": True},
            "accessConfig": {
                "authenticationMode": "API",
                "bootstrapClusterCreatorAdminPermissions": False,
            },
            "bootstrapSelfManagedAddons": False,
            **given,
        }

    def group(self, cluster: str, name: str, **given: Any) -> dict[str, Any]:
        """Return what a node group that works is made with."""
        return {
            "clusterName": cluster,
            "nodegroupName": name,
            "subnets": self.subnets[:2],
            "nodeRole": self.roles["node"],
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
            **given,
        }

    def auto(self, on: tuple[bool, bool, bool] = (True, True, True)) -> dict[str, Any]:
        """Return the three switches of Auto Mode."""
        compute: dict[str, Any] = {"enabled": on[0]}
        if on[0]:
            compute |= {"nodePools": ["system"], "nodeRoleArn": self.roles["auto_node"]}
        return {
            "computeConfig": compute,
            "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": on[1]}},
            "storageConfig": {"blockStorage": {"enabled": on[2]}},
        }

    def settled(self, operation: str, **given: Any) -> Any:
        """Look until a thing is what it was on its way to."""
        for _ in range(LOOKS):
            found = self.eks(operation, **given)
        return found


TRUSTS = {
    "cluster": ("eks.amazonaws.com", "sts:AssumeRole"),
    "cluster_auto": ("eks.amazonaws.com", "sts:AssumeRole sts:TagSession"),
    "node": ("ec2.amazonaws.com", "sts:AssumeRole"),
    "other_node": ("ec2.amazonaws.com", "sts:AssumeRole"),
    "auto_node": ("ec2.amazonaws.com", "sts:AssumeRole"),
    "pod": ("pods.eks.amazonaws.com", "sts:AssumeRole sts:TagSession"),
    "pod_untagged": ("pods.eks.amazonaws.com", "sts:AssumeRole"),
    "admin": ("lambda.amazonaws.com", "sts:AssumeRole"),
}


def build(account: Account) -> Stage:
    """Make the network and the roles."""
    vpc = account.ask("ec2", "create_vpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    other = account.ask("ec2", "create_vpc", CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    places = [(vpc, 1, "a"), (vpc, 1, "b"), (vpc, 1, "a"), (other, 2, "b"), (vpc, 1, "c")]
    subnets = [
        account.ask(
            "ec2",
            "create_subnet",
            VpcId=network,
            CidrBlock=f"10.{block}.{number}.0/24",
            AvailabilityZone=f"{REGION}{zone}",
        )["Subnet"]["SubnetId"]
        for number, (network, block, zone) in enumerate(places)
    ]
    roles = {
        name: account.ask(
            "iam",
            "create_role",
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": service},
                        "Action": actions.split(),
                    },
                }
            ),
        )["Role"]["Arn"]
        for name, (service, actions) in TRUSTS.items()
    }
    return Stage(account, subnets, roles)
