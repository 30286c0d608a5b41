"""The fake's EKS: what works, and each thing that it refuses as AWS does.

Every refusal stands beside what differs from it in one point and is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.terraform.aws.account import Account, Refusal
from tests.terraform.aws.stage import Stage, build

INVALID, REQUEST = "InvalidParameterException", "InvalidRequestException"
IN_USE, MISSING = "ResourceInUseException", "ResourceNotFoundException"


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


Given = Callable[[Stage], dict[str, Any]]

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


CHANGES: dict[str, tuple[str, Given, str, str]] = {
    "two kinds at once": (
        "update_cluster_config",
        lambda s: {
            "name": "plain",
            "logging": {"clusterLogging": [{"types": ["api"], "enabled": True}]},
            "upgradePolicy": {"supportType": "STANDARD"},
        },
        INVALID,
        "Only one type of update",
    ),
    "endpoint and subnets at once": (
        "update_cluster_config",
        lambda s: {
            "name": "plain",
            "resourcesVpcConfig": {"subnetIds": s.subnets, "endpointPublicAccess": False},
        },
        INVALID,
        "Only one type of update",
    ),
    "nothing": ("update_cluster_config", lambda s: {"name": "plain"}, INVALID, "nothing"),
    "what is so already": (
        "update_cluster_config",
        lambda s: {"name": "plain", "resourcesVpcConfig": {"endpointPrivateAccess": True}},
        INVALID,
        "already",
    ),
    "back from API mode": (
        "update_cluster_config",
        lambda s: {"name": "plain", "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}},
        INVALID,
        "cannot go from API",
    ),
    "some switches of Auto Mode": (
        "update_cluster_config",
        lambda s: {"name": "plain", "computeConfig": s.auto()["computeConfig"]},
        INVALID,
        "all three configs",
    ),
    "Auto Mode without sts:TagSession": (
        "update_cluster_config",
        lambda s: {"name": "plain", **s.auto()},
        INVALID,
        "sts:TagSession",
    ),
    "a skipped minor": (
        "update_cluster_version",
        lambda s: {"name": "plain", "version": "1.37"},
        INVALID,
        "1.35 to 1.37",
    ),
    "a lower minor": (
        "update_cluster_version",
        lambda s: {"name": "plain", "version": "1.34"},
        INVALID,
        "1.35 to 1.34",
    ),
    "nodes newer than the cluster": (
        "create_nodegroup",
        lambda s: s.group("plain", "new", version="1.36"),
        INVALID,
        "newer than 1.35",
    ),
    "nodes updated past the cluster": (
        "update_nodegroup_version",
        lambda s: {"clusterName": "plain", "nodegroupName": "nodes", "version": "1.36"},
        INVALID,
        "newer than 1.35",
    ),
    "nodes with a role of another service": (
        "create_nodegroup",
        lambda s: s.group("plain", "new", nodeRole=s.roles["cluster"]),
        INVALID,
        "ec2.amazonaws.com",
    ),
    "more wanted than allowed": (
        "create_nodegroup",
        lambda s: s.group(
            "plain", "new", scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 3}
        ),
        INVALID,
        "not between",
    ),
    "a template that is not there": (
        "create_nodegroup",
        lambda s: s.group("plain", "new", launchTemplate={"name": "none"}),
        INVALID,
        "does not exist",
    ),
    "a group's name twice": (
        "create_nodegroup",
        lambda s: s.group("plain", "nodes"),
        IN_USE,
        "already exists",
    ),
    "a cluster with node groups goes": (
        "delete_cluster",
        lambda s: {"name": "plain"},
        IN_USE,
        "nodegroups attached",
    ),
    "an entry without API mode": (
        "create_access_entry",
        lambda s: {"clusterName": "map", "principalArn": s.roles["admin"]},
        REQUEST,
        "authentication mode",
    ),
    "a second entry for a principal": (
        "create_access_entry",
        lambda s: {"clusterName": "plain", "principalArn": s.roles["node"]},
        IN_USE,
        "already in use",
    ),
    "a policy that is none": (
        "associate_access_policy",
        lambda s: {
            "clusterName": "bare",
            "principalArn": s.roles["admin"],
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/Nothing",
            "accessScope": {"type": "cluster"},
        },
        INVALID,
        "not valid",
    ),
    "a group of Kubernetes' own": (
        "create_access_entry",
        lambda s: {
            "clusterName": "bare",
            "principalArn": s.roles["pod"],
            "kubernetesGroups": ["system:masters"],
        },
        INVALID,
        "system:",
    ),
    "coredns before nodes": (
        "create_addon",
        lambda s: {"clusterName": "bare", "addonName": "coredns"},
        REQUEST,
        "no nodes",
    ),
    "kube-proxy newer than the cluster": (
        "create_addon",
        lambda s: {
            "clusterName": "bare",
            "addonName": "kube-proxy",
            "addonVersion": "v1.36.0-eksbuild.1",
        },
        INVALID,
        "not supported in 1.35",
    ),
    "an add-on that is none": (
        "create_addon",
        lambda s: {"clusterName": "bare", "addonName": "nothing"},
        INVALID,
        "not supported",
    ),
    "a version of an add-on that is none": (
        "create_addon",
        lambda s: {"clusterName": "bare", "addonName": "vpc-cni", "addonVersion": "latest"},
        INVALID,
        "not supported",
    ),
    "a configuration that is no object": (
        "create_addon",
        lambda s: {"clusterName": "bare", "addonName": "vpc-cni", "configurationValues": "[1]"},
        INVALID,
        "no JSON",
    ),
    "a pod's role without sts:TagSession": (
        "create_pod_identity_association",
        lambda s: {
            "clusterName": "bare",
            "namespace": "n",
            "serviceAccount": "a",
            "roleArn": s.roles["pod_untagged"],
        },
        INVALID,
        "sts:TagSession",
    ),
    "a policy of a session that has tags": (
        "create_pod_identity_association",
        lambda s: {
            "clusterName": "bare",
            "namespace": "n",
            "serviceAccount": "a",
            "roleArn": s.roles["pod"],
            "policy": "{}",
        },
        INVALID,
        "disableSessionTags",
    ),
    "Fargate with a role of another service": (
        "create_fargate_profile",
        lambda s: {
            "clusterName": "bare",
            "fargateProfileName": "f",
            "podExecutionRoleArn": s.roles["node"],
            "subnets": s.subnets[:1],
        },
        INVALID,
        "eks-fargate-pods",
    ),
    "no such cluster": ("describe_cluster", lambda s: {"name": "none"}, MISSING, "none"),
    "no such operation here": (
        "create_capability",
        lambda s: {
            "clusterName": "bare",
            "capabilityName": "c",
            "type": "ARGOCD",
            "roleArn": s.roles["pod"],
            "deletePropagationPolicy": "RETAIN",
        },
        REQUEST,
        "does not know CreateCapability",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_it_refuses(stage: Stage, case: str) -> None:
    operation, given, code, words = CHANGES[case]
    if case == "a policy that is none":
        stage.eks("create_access_entry", clusterName="bare", principalArn=stage.roles["admin"])
    refused(stage, code, words, operation, **given(stage))
