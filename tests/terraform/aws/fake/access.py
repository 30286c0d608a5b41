"""Who is let into a cluster: access entries, their policies, and tags of anything."""

from __future__ import annotations

from typing import Any

from tests.terraform.aws.fake import world
from tests.terraform.aws.fake.protocol import Refused
from tests.terraform.aws.fake.state import (
    Cluster,
    Data,
    Region,
    Thing,
    held,
    identity,
    now,
    operation,
)

POLICY = "arn:aws:eks::aws:cluster-access-policy/"
POLICIES = (
    *("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy"),
    *("AmazonEKSViewPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy"),
    *("AmazonEKSSecretReaderPolicy", "AmazonEKSSecretAdminPolicy"),
)
NODES = ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX")


def _open(region: Region, given: Data) -> Cluster:
    cluster = region.cluster(given["clusterName"])
    if cluster.data["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        raise Refused(
            "InvalidRequest",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]"
            " to perform this operation.",
        )
    return cluster


def add(region: Region, cluster: Cluster, principal: str, kind: str) -> None:
    """Let a principal in, unless it is."""
    if principal not in cluster.entries:
        cluster.entries[principal] = _made(region, cluster, {"principalArn": principal}, kind)


def _made(region: Region, cluster: Cluster, given: Data, kind: str) -> Thing:
    principal = given["principalArn"]
    what = principal.split(":")[5].split("/")
    account = principal.split(":")[4]
    place = f"access-entry/{cluster.name}/{what[0]}/{account}/{what[-1]}/{identity()}"
    shown: dict[str, Any] = {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": given.get("kubernetesGroups", []),
        "accessEntryArn": region.arn(place),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": given.get("tags", {}),
        "username": given.get("username") or _username(principal, kind),
        "type": kind,
    }
    entry = Thing(shown)
    entry.data["policies"] = []
    return entry


def _username(principal: str, kind: str) -> str:
    if kind in NODES or kind == "EC2":
        return "system:node:{{EC2PrivateDNSName}}"
    if ":role/" in principal:
        account, name = principal.split(":")[4], principal.rpartition("/")[2]
        return f"arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}"
    return principal


@operation
def create_access_entry(region: Region, given: Data) -> Data:
    """Let a principal in; each has one entry."""
    cluster, principal = _open(region, given), given["principalArn"]
    kind = given.get("type", "STANDARD")
    world.require_arn(principal, "(role|user)")
    if principal in cluster.entries:
        raise Refused(
            "ResourceInUse",
            "The specified access entry resource is already in use on this cluster.",
        )
    if kind in (*NODES, "EC2") and (given.get("kubernetesGroups") or given.get("username")):
        raise Refused("InvalidParameter", f"an entry of type {kind} has no groups and no username")
    if any(group.startswith("system:") for group in given.get("kubernetesGroups", [])):
        raise Refused("InvalidParameter", "The kubernetes group name must not begin with system:")
    cluster.require_active()
    cluster.entries[principal] = _made(region, cluster, given, kind)
    return {"accessEntry": cluster.entries[principal].data}


def _entry(region: Region, given: Data) -> Thing:
    return held(_open(region, given).entries, given["principalArn"], "access entry")


@operation
def describe_access_entry(region: Region, given: Data) -> Data:
    """Show one."""
    return {"accessEntry": _entry(region, given).data}


@operation
def list_access_entries(region: Region, given: Data) -> Data:
    """Name all."""
    return {"accessEntries": sorted(_open(region, given).entries)}


@operation
def update_access_entry(region: Region, given: Data) -> Data:
    """Change groups or user name."""
    entry = _entry(region, given)
    if entry.data["type"] != "STANDARD":
        raise Refused("InvalidRequest", f"an entry of type {entry.data['type']} is not changed")
    entry.data.update({key: given[key] for key in ("kubernetesGroups", "username") if key in given})
    return {"accessEntry": entry.data}


@operation
def delete_access_entry(region: Region, given: Data) -> Data:
    """Let a principal in no more."""
    _entry(region, given)
    del region.cluster(given["clusterName"]).entries[given["principalArn"]]
    return {}


@operation
def associate_access_policy(region: Region, given: Data) -> Data:
    """Give an entry a policy, everywhere or in namespaces."""
    entry, arn, scope = _entry(region, given), given["policyArn"], given["accessScope"]
    if arn.removeprefix(POLICY) not in POLICIES:
        raise Refused("InvalidParameter", f"The policyArn parameter format is not valid: {arn}")
    if entry.data["type"] not in ("STANDARD", "EC2"):
        raise Refused("InvalidRequest", f"an entry of type {entry.data['type']} takes no policy")
    if (scope["type"] == "namespace") != bool(scope.get("namespaces")):
        raise Refused("InvalidParameter", "namespaces go with the scope `namespace` alone")
    entry.data["policies"] = [p for p in entry.data["policies"] if p["policyArn"] != arn]
    made = {
        "policyArn": arn,
        "accessScope": {"namespaces": [], **scope},
        "associatedAt": now(),
        "modifiedAt": now(),
    }
    entry.data["policies"].append(made)
    return {
        "clusterName": given["clusterName"],
        "principalArn": given["principalArn"],
        "associatedAccessPolicy": made,
    }


@operation
def list_associated_access_policies(region: Region, given: Data) -> Data:
    """Name an entry's policies."""
    return {
        "clusterName": given["clusterName"],
        "principalArn": given["principalArn"],
        "associatedAccessPolicies": _entry(region, given).data["policies"],
    }


@operation
def disassociate_access_policy(region: Region, given: Data) -> Data:
    """Take a policy from an entry."""
    entry = _entry(region, given)
    left = [p for p in entry.data["policies"] if p["policyArn"] != given["policyArn"]]
    if len(left) == len(entry.data["policies"]):
        raise Refused("ResourceNotFound", f"{given['policyArn']} is not associated")
    entry.data["policies"] = left
    return {}


@operation
def list_access_policies(region: Region, given: Data) -> Data:
    """Name the policies that there are."""
    return {"accessPolicies": [{"name": name, "arn": POLICY + name} for name in POLICIES]}


def _tags(region: Region, arn: str) -> dict[str, str]:
    for cluster in region.clusters.values():
        inner = (cluster.groups, cluster.addons, cluster.entries, cluster.associations)
        below = [thing for things in (*inner, cluster.profiles) for thing in things.values()]
        for thing in (cluster, *below):
            if arn in thing.data.values():
                tags: dict[str, str] = thing.data.setdefault("tags", {})
                return tags
    raise Refused("ResourceNotFound", f"there is no {arn}")


@operation
def tag_resource(region: Region, given: Data) -> Data:
    """Add tags."""
    _tags(region, given["resourceArn"]).update(given["tags"])
    return {}


@operation
def untag_resource(region: Region, given: Data) -> Data:
    """Take tags away."""
    tags = _tags(region, given["resourceArn"])
    for key in given["tagKeys"]:
        tags.pop(key, None)
    return {}


@operation
def list_tags_for_resource(region: Region, given: Data) -> Data:
    """Show tags."""
    return {"tags": _tags(region, given["resourceArn"])}
