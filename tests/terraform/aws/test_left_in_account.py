"""What a cluster leaves in the account is named, whoever ran its nodes."""

from __future__ import annotations

from typing import Any

import pytest

from morrow.tool.programs.aws import Aws
from tests.terraform.aws import account as accounts
from tests.terraform.aws.account import REGION, Account

AUTO = {"Key": "eks:eks-cluster-name", "Value": "live"}
OTHER = {"Key": "eks:eks-cluster-name", "Value": "other"}
OWNED = {"Key": "kubernetes.io/cluster/live", "Value": "owned"}
CNI = {"Key": "cluster.k8s.amazonaws.com/name", "Value": "live"}


def marked(kind: str, *tags: dict[str, str]) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": list(tags)}]}


def test_disks_and_interfaces_of_either_kind_of_node_are_named_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORROW_AWS", str(accounts.programs() / "aws"))
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    disks, cards = [], []
    subnet = account.ask("ec2", "describe_subnets")["Subnets"][0]["SubnetId"]
    for own, tags in enumerate(([OTHER], [OWNED], [AUTO], [OWNED, CNI, AUTO], [CNI])):
        place: dict[str, Any] = {"AvailabilityZone": f"{REGION}a", "Size": 1}
        disk = account.ask("ec2", "create_volume", **place, **marked("volume", *tags))
        card = account.ask(
            *("ec2", "create_network_interface"),
            **{"SubnetId": subnet, **marked("network-interface", *tags)},
        )
        disks += [disk["VolumeId"]] if own and tags != [CNI] else []
        cards += [card["NetworkInterface"]["NetworkInterfaceId"]] if own and tags != [OWNED] else []
    aws = Aws(REGION)
    assert aws.volumes("live") == sorted(disks)
    assert aws.interfaces("live") == sorted(cards)
    assert aws.instances("live") == []
    assert len(disks) == len(cards) == 3
