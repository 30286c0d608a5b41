"""Changes of a cluster: one kind at a time, one minor at a time."""

from __future__ import annotations

from typing import Any

from tests.terraform.aws.fake import world
from tests.terraform.aws.fake.clusters import (
    add_auto_entry,
    all_types,
    endpoint,
    is_auto,
    log,
    minor,
    require_auto,
    switches,
)
from tests.terraform.aws.fake.protocol import Refused
from tests.terraform.aws.fake.state import Cluster, Data, Region, operation

AUTO = ("computeConfig", "kubernetesNetworkConfig", "storageConfig")
MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")


@operation
def update_cluster_config(region: Region, given: Data) -> Data:
    """Change one thing; only Auto Mode's three switches go together."""
    cluster = region.cluster(given["name"])
    wanted = {
        key: value for key, value in given.items() if key not in ("name", "clientRequestToken")
    }
    kinds = {"auto" if key in AUTO else key for key in wanted}
    if len(kinds) != 1:
        many = ", ".join(sorted(wanted)) or "nothing"
        raise Refused("InvalidParameter", f"Only one type of update can be allowed, not {many}")
    cluster.require_active()
    kind, parameters = CHANGES[kinds.pop()](region, cluster, wanted)
    cluster.become("UPDATING")
    return {"update": cluster.update(kind, parameters)}


def _vpc(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
    new = wanted["resourcesVpcConfig"]
    places = {"subnetIds", "securityGroupIds"} & set(new)
    if places and set(new) - places:
        raise Refused("InvalidParameter", "Only one type of update can be allowed: endpoint or VPC")
    network = cluster.data["resourcesVpcConfig"]
    merged = network | new
    if not merged["endpointPublicAccess"]:
        merged["publicAccessCidrs"] = []
    elif not merged["publicAccessCidrs"]:
        merged["publicAccessCidrs"] = ["0.0.0.0/0"]
    if merged == network:
        raise Refused("InvalidParameter", "Cluster is already at the desired configuration")
    endpoint(merged)
    if (
        world.vpc_of(region.name, merged["subnetIds"], merged["securityGroupIds"])
        != network["vpcId"]
    ):
        raise Refused("InvalidParameter", "Subnets must stay in the cluster's VPC")
    zones = [world.zones_of(region.name, one["subnetIds"]) for one in (network, merged)]
    if zones[0] != zones[1]:
        raise Refused(
            "InvalidParameter",
            f"Provided subnets belong to the AZs {', '.join(sorted(zones[1]))}, but they should"
            f" belong to the exact set of AZs {', '.join(sorted(zones[0]))} in which subnets were"
            " provided during cluster creation.",
        )
    cluster.data["resourcesVpcConfig"] = merged
    return ("VpcConfigUpdate" if places else "EndpointAccessUpdate"), new


def _logging(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
    before = {
        kind: one["enabled"]
        for one in cluster.data["logging"]["clusterLogging"]
        for kind in one["types"]
    }
    after = before | {
        kind: bool(one.get("enabled"))
        for one in wanted["logging"]["clusterLogging"]
        for kind in one.get("types", [])
    }
    if after == before:
        raise Refused("InvalidParameter", "No changes needed for the logging config provided")
    on = [kind for kind, what in after.items() if what]
    cluster.data["logging"] = all_types({"clusterLogging": [{"types": on, "enabled": True}]})
    log(region, cluster)
    return "LoggingUpdate", wanted["logging"]


def _access(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
    access = cluster.data["accessConfig"]
    new = wanted["accessConfig"]["authenticationMode"]
    if MODES.index(new) <= MODES.index(access["authenticationMode"]):
        raise Refused(
            "InvalidParameter",
            f"authentication mode cannot go from {access['authenticationMode']} to {new}",
        )
    access["authenticationMode"] = new
    return "AccessConfigUpdate", wanted["accessConfig"]


def _auto(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
    merged: dict[str, Any] = {}
    for key in AUTO:
        merged[key] = cluster.data[key] | wanted.get(key, {})
    old = cluster.data["computeConfig"].get("nodeRoleArn")
    new = merged["computeConfig"].get("nodeRoleArn")
    if old and old != new and wanted.get("computeConfig", {}).get("nodeRoleArn"):
        raise Refused("InvalidParameter", "nodeRoleArn cannot be changed once it was set")
    asked = [key in wanted for key in AUTO]
    if not all(asked) and switches(merged) != switches(cluster.data):
        raise Refused("InvalidParameter", "all three configs of Auto Mode must be given")
    if is_auto(merged):
        if not wanted.get("computeConfig", {}).get("nodePools"):
            merged["computeConfig"].setdefault("nodePools", [])
        role = cluster.data["roleArn"]
        world.trusting(role, "eks.amazonaws.com", "sts:TagSession")
        facts = merged | {"bootstrapSelfManagedAddons": False}
        require_auto(facts, cluster.data["accessConfig"], region)
    cluster.data.update(merged)
    if is_auto(merged):
        add_auto_entry(region, cluster)
    return "AutoModeUpdate", {key: merged[key] for key in wanted}


def _support(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
    cluster.data["upgradePolicy"] = wanted["upgradePolicy"]
    return "UpgradePolicyUpdate", wanted["upgradePolicy"]


def _plain(key: str, kind: str) -> Any:
    def change(region: Region, cluster: Cluster, wanted: Data) -> tuple[str, Data]:
        cluster.data[key] = wanted[key]
        return kind, {key: wanted[key]}

    return change


CHANGES: dict[str, Any] = {
    "resourcesVpcConfig": _vpc,
    "logging": _logging,
    "accessConfig": _access,
    "auto": _auto,
    "upgradePolicy": _support,
    "zonalShiftConfig": _plain("zonalShiftConfig", "ZonalShiftConfigUpdate"),
    "deletionProtection": _plain("deletionProtection", "DeletionProtectionUpdate"),
    "remoteNetworkConfig": _plain("remoteNetworkConfig", "RemoteNetworkConfigUpdate"),
    "controlPlaneScalingConfig": _plain(
        "controlPlaneScalingConfig", "ControlPlaneScalingConfigUpdate"
    ),
}


@operation
def update_cluster_version(region: Region, given: Data) -> Data:
    """Go up one minor, and not past the nodes."""
    cluster = region.cluster(given["name"])
    wanted, there = given["version"], cluster.version
    if minor(wanted) != minor(there) + 1:
        raise Refused(
            "InvalidParameter",
            f"Unsupported Kubernetes minor version update: {there} to {wanted}",
        )
    for name, group in cluster.groups.items():
        if minor(there) - minor(group.data["version"]) > 2 and not given.get("force"):
            raise Refused(
                "InvalidRequest", f"Nodegroup {name} must be updated before the cluster goes on"
            )
    cluster.require_active()
    cluster.data["version"] = wanted
    cluster.become("UPDATING")
    return {"update": cluster.update("VersionUpdate", {"Version": wanted})}


@operation
def associate_encryption_config(region: Region, given: Data) -> Data:
    """Encrypt secrets from now on; there is no way back."""
    cluster = region.cluster(given["clusterName"])
    if cluster.data["encryptionConfig"]:
        raise Refused("InvalidRequest", "the cluster is encrypted already")
    for one in given["encryptionConfig"]:
        world.require_key(region.name, one["provider"]["keyArn"])
    cluster.require_active()
    cluster.data["encryptionConfig"] = given["encryptionConfig"]
    cluster.become("UPDATING")
    return {"update": cluster.update("AssociateEncryptionConfig", {})}


@operation
def describe_update(region: Region, given: Data) -> Data:
    """Show one change; asking for it ends it."""
    cluster = region.cluster(given["name"])
    one = cluster.updates.get(given["updateId"])
    if one is None:
        raise Refused("ResourceNotFound", f"No update found for ID: {given['updateId']}")
    cluster.settle()
    for things in (cluster.groups, cluster.addons):
        for thing in list(things.values()):
            thing.settle()
    one["status"] = "Successful"
    return {"update": one}


@operation
def list_updates(region: Region, given: Data) -> Data:
    """Name the changes."""
    at = {key: given[key] for key in ("nodegroupName", "addonName") if key in given}
    updates = region.cluster(given["name"]).updates
    return {"updateIds": [key for key, one in updates.items() if one["at"] == at]}
