"""Changes that AWS refuses: the operation, what is given, the code and words of the refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.terraform.aws.stage import Stage

INVALID, REQUEST = "InvalidParameterException", "InvalidRequestException"
IN_USE, MISSING = "ResourceInUseException", "ResourceNotFoundException"

Given = Callable[[Stage], dict[str, Any]]

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
    "a least number above the one that runs": (
        "update_nodegroup_config",
        lambda s: {
            "clusterName": "plain",
            "nodegroupName": "nodes",
            "scalingConfig": {"minSize": 3, "maxSize": 3},
        },
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
