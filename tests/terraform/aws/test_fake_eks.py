"""The fake's EKS: what works, and each thing that it refuses as AWS does.

Every refusal stands beside what differs from it in one point and is taken.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.terraform.aws.account import Account, Refusal
from tests.terraform.aws.refused_changes import CHANGES, IN_USE, INVALID, Given
from tests.terraform.aws.stage import Stage, build


@pytest.fixture(scope="module")
def stage(account: Account) -> Stage:
    found = build(account)
    found.cluster("plain")
    found.eks("create_nodegroup", **found.group("plain", "nodes"))
    found.settled("describe_nodegroup", clusterName="plain", nodegroupName="nodes")
    found.cluster("bare")
    found.cluster("map", accessConfig={"authenticationMode": "CONFIG_MAP"})
    return found


def refused(stage: Stage, code: str, words: str, operation: str, **given: Any) -> None:
    with pytest.raises(Refusal) as refusal:
        stage.eks(operation, **given)
    assert refusal.value.code == code
    assert words in str(refusal.value)


CLUSTERS: dict[str, tuple[Given, str, str]] = {
    "one zone": (
        lambda s: {"resourcesVpcConfig": {"subnetIds": [s.subnets[0], s.subnets[2]]}},
        INVALID,
        "two different AZs",
    ),
    "no such subnet": (
        lambda s: {"resourcesVpcConfig": {"subnetIds": [s.subnets[0], "subnet-0"]}},
        INVALID,
        "does not exist",
    ),
    "two VPCs": (
        lambda s: {"resourcesVpcConfig": {"subnetIds": [s.subnets[0], s.subnets[3]]}},
        INVALID,
        "one VPC",
    ),
    "security group of another VPC": (
        lambda s: {
            "resourcesVpcConfig": {"subnetIds": s.subnets[:2], "securityGroupIds": ["sg-0"]}
        },
        INVALID,
        "sg-0",
    ),
    "role that trusts another service": (
        lambda s: {"roleArn": s.roles["node"]},
        INVALID,
        "does not give eks.amazonaws.com",
    ),
    "role that is not there": (
        lambda s: {"roleArn": s.roles["node"] + "x"},
        INVALID,
        "does not exist",
    ),
    "version that is none": (lambda s: {"version": "1.99"}, INVALID, "unsupported"),
    "endpoint nobody reaches": (
        lambda s: {
            "resourcesVpcConfig": {"subnetIds": s.subnets[:2], "endpointPublicAccess": False}
        },
        INVALID,
        "cannot both be false",
    ),
    "key that is not there": (
        lambda s: {
            "encryptionConfig": [
                {
                    "resources": ["secrets"],
                    "provider": {"keyArn": "arn:aws:kms:eu-west-1:123456789012:key/none"},
                }
            ]
        },
        INVALID,
        "KMS key",
    ),
    "one switch of Auto Mode": (
        lambda s: {"roleArn": s.roles["cluster_auto"], **s.auto((True, False, True))},
        INVALID,
        "fully enabled or fully disabled",
    ),
    "Auto Mode without sts:TagSession": (lambda s: s.auto(), INVALID, "sts:TagSession"),
    "Auto Mode with self-managed add-ons": (
        lambda s: {
            "roleArn": s.roles["cluster_auto"],
            "bootstrapSelfManagedAddons": True,
            **s.auto(),
        },
        INVALID,
        "bootstrapSelfManagedAddons",
    ),
    "Auto Mode without API mode": (
        lambda s: {
            "roleArn": s.roles["cluster_auto"],
            "accessConfig": {"authenticationMode": "CONFIG_MAP"},
            **s.auto(),
        },
        INVALID,
        "mode API",
    ),
    "name that is none": (lambda s: {"name": "-x"}, INVALID, "does not fit"),
    "support that is none": (
        lambda s: {"upgradePolicy": {"supportType": "FOREVER"}},
        INVALID,
        "is none of",
    ),
    "name that is taken": (lambda s: {"name": "plain"}, IN_USE, "already exists"),
}


@pytest.mark.parametrize("case", CLUSTERS)
def test_a_cluster_is_refused(stage: Stage, case: str) -> None:
    given, code, words = CLUSTERS[case]
    refused(stage, code, words, "create_cluster", **(stage.plain("wrong") | given(stage)))
    assert "wrong" not in stage.eks("list_clusters")["clusters"]


def test_a_field_that_the_model_does_not_know_is_an_error_not_dropped(stage: Stage) -> None:
    extra = {"autoMode": True}
    with pytest.raises(Refusal, match="unknown field 'autoMode'"):
        stage.eks("create_cluster", extra=extra, **stage.plain("wrong"))
    with pytest.raises(Refusal, match='Unknown parameter in resourcesVpcConfig: "vpc"'):
        stage.eks(
            "create_cluster",
            extra={"resourcesVpcConfig": {"vpc": "x"}},
            **stage.plain("wrong"),
        )


def test_a_cluster_is_given_back_whole(stage: Stage) -> None:
    stage.eks(
        "create_cluster", **stage.plain("auto", roleArn=stage.roles["cluster_auto"], **stage.auto())
    )
    seen = [stage.eks("describe_cluster", name="auto")["cluster"]["status"] for _ in range(4)]
    assert seen == ["CREATING", "CREATING", "ACTIVE", "ACTIVE"]
    found = stage.eks("describe_cluster", name="auto")["cluster"]
    assert found["computeConfig"]["nodePools"] == ["system"]
    assert found["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert found["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
    assert found["kubernetesNetworkConfig"]["ipFamily"] == "ipv4"
    assert found["accessConfig"]["authenticationMode"] == "API"
    network = found["resourcesVpcConfig"]
    assert network["vpcId"].startswith("vpc-")
    assert network["publicAccessCidrs"] == ["0.0.0.0/0"]
    entries = stage.eks("list_access_entries", clusterName="auto")["accessEntries"]
    assert entries == [stage.roles["auto_node"]], "EKS lets Auto Mode's nodes in by itself"
    stage.eks("create_addon", clusterName="auto", addonName="metrics-server")


@pytest.mark.parametrize("case", CHANGES)
def test_it_refuses(stage: Stage, case: str) -> None:
    operation, given, code, words = CHANGES[case]
    if case == "a policy that is none":
        stage.eks("create_access_entry", clusterName="bare", principalArn=stage.roles["admin"])
    refused(stage, code, words, operation, **given(stage))
