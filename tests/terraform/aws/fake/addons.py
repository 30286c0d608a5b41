"""Add-ons: those that need a node wait for one, and kube-proxy goes with the cluster's minor."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.terraform.aws.fake import identities, world
from tests.terraform.aws.fake.clusters import minor
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

# Name: whether it runs as a Deployment, which needs a node to become active.
ADDONS = {
    "vpc-cni": False,
    "kube-proxy": False,
    "eks-pod-identity-agent": False,
    "eks-node-monitoring-agent": False,
    "coredns": True,
    "aws-ebs-csi-driver": True,
    "aws-efs-csi-driver": True,
    "snapshot-controller": True,
    "metrics-server": True,
    "external-dns": True,
    "cert-manager": True,
    "kube-state-metrics": True,
    "prometheus-node-exporter": False,
    "amazon-cloudwatch-observability": True,
    "aws-secrets-store-csi-driver-provider": False,
}
VERSION = re.compile(r"v(\d+)\.(\d+)\.\d+-eksbuild\.\d+$")


def _judge(cluster: Cluster, name: str, version: str | None) -> str:
    """Return the version to take; refuse one that does not go with the cluster."""
    if name not in ADDONS:
        raise Refused("InvalidParameter", f"Addon {name} specified is not supported")
    if version is None:
        major = cluster.version if name == "kube-proxy" else "1.0"
        return f"v{major}.0-eksbuild.1"
    found = VERSION.match(version)
    if not found:
        raise Refused("InvalidParameter", f"Addon version specified is not supported: {version}")
    if name == "kube-proxy" and not 0 <= minor(cluster.version) - int(found[2]) <= 3:
        raise Refused(
            "InvalidParameter", f"{name} {version} is not supported in {cluster.version} clusters"
        )
    return version


def _configuration(given: Data) -> None:
    text = given.get("configurationValues") or "{}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None if not re.match(r"\s*[\w-]+\s*:", text) else {}
    if not isinstance(found, dict):
        raise Refused("InvalidParameter", "ConfigurationValue is no JSON or YAML object")


@operation
def create_addon(region: Region, given: Data) -> Data:
    """Install one."""
    cluster, name = region.cluster(given["clusterName"]), given["addonName"]
    if name in cluster.addons:
        raise Refused("ResourceInUse", f"Addon already exists: {name}")
    version = _judge(cluster, name, given.get("addonVersion"))
    _configuration(given)
    cluster.require_active()
    auto = cluster.data["computeConfig"]
    nodes = cluster.groups or cluster.profiles or (auto.get("enabled") and auto.get("nodePools"))
    if ADDONS[name] and not nodes:
        raise Refused(
            "InvalidRequest",
            f"on AWS {name} would stay DEGRADED (InsufficientNumberOfReplicas): there are no nodes",
        )
    if given.get("serviceAccountRoleArn"):
        world.trusting_web(given["serviceAccountRoleArn"])
    data: dict[str, Any] = {
        "addonName": name,
        "clusterName": cluster.name,
        "addonVersion": version,
        "health": {"issues": []},
        "addonArn": region.arn(f"addon/{cluster.name}/{name}/{identity()}"),
        "createdAt": now(),
        "modifiedAt": now(),
        "tags": given.get("tags", {}),
        "owner": "aws",
        "publisher": "eks",
        "podIdentityAssociations": identities.of_addon(region, cluster, name, given),
    }
    for key in ("serviceAccountRoleArn", "configurationValues", "namespaceConfig"):
        if given.get(key):
            data[key] = given[key]
    addon = Thing(data)
    addon.become("CREATING")
    cluster.addons[name] = addon
    return {"addon": data}


def _addon(region: Region, given: Data) -> tuple[Cluster, Thing]:
    cluster = region.cluster(given["clusterName"])
    return cluster, held(cluster.addons, given["addonName"], "addon")


@operation
def describe_addon(region: Region, given: Data) -> Data:
    """Show one."""
    return {"addon": _addon(region, given)[1].data}


@operation
def list_addons(region: Region, given: Data) -> Data:
    """Name all."""
    return {"addons": sorted(region.cluster(given["clusterName"]).addons)}


@operation
def update_addon(region: Region, given: Data) -> Data:
    """Change version, configuration, role."""
    cluster, addon = _addon(region, given)
    name = given["addonName"]
    if addon.data["status"] != "ACTIVE":
        raise Refused("ResourceInUse", f"addon {name} is {addon.data['status']}")
    if given.get("addonVersion"):
        addon.data["addonVersion"] = _judge(cluster, name, given["addonVersion"])
    _configuration(given)
    for key in ("configurationValues", "serviceAccountRoleArn"):
        if key in given:
            addon.data[key] = given[key]
    if "podIdentityAssociations" in given:
        identities.forget_addon(cluster, name)
        addon.data["podIdentityAssociations"] = identities.of_addon(region, cluster, name, given)
    addon.data["modifiedAt"] = now()
    addon.become("UPDATING")
    return {"update": cluster.update("AddonUpdate", {}, addonName=name)}


@operation
def delete_addon(region: Region, given: Data) -> Data:
    """Take one away, with the associations that it made."""
    cluster, addon = _addon(region, given)
    name = given["addonName"]

    def gone() -> None:
        identities.forget_addon(cluster, name)
        cluster.addons.pop(name, None)

    addon.begin("DELETING", gone)
    return {"addon": addon.data}


@operation
def describe_addon_versions(region: Region, given: Data) -> Data:
    """Name what goes with which minor; the fake's versions are not AWS's."""
    wanted = given.get("kubernetesVersion") or "1.36"
    minor(wanted)
    found = []
    for name in ADDONS:
        if given.get("addonName") in (None, name):
            version = f"v{wanted if name == 'kube-proxy' else '1.0'}.0-eksbuild.1"
            fits = {"clusterVersion": wanted, "platformVersions": ["*"], "defaultVersion": True}
            one = {"addonVersion": version, "architecture": ["amd64", "arm64"]}
            found.append({"addonName": name, "addonVersions": [{**one, "compatibilities": [fits]}]})
    return {"addons": found}
