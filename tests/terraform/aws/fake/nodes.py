"""What computes: managed node groups and Fargate profiles."""

from __future__ import annotations

from typing import Any

from tests.terraform.aws.fake import world
from tests.terraform.aws.fake.access import add as add_entry
from tests.terraform.aws.fake.clusters import minor
from tests.terraform.aws.fake.protocol import Refused
from tests.terraform.aws.fake.state import (
    Cluster,
    Data,
    Region,
    Thing,
    discard,
    held,
    identity,
    now,
    operation,
)


@operation
def create_nodegroup(region: Region, given: Data) -> Data:
    """Make a node group; EKS lets its role in by itself."""
    cluster, name = region.cluster(given["clusterName"]), given["nodegroupName"]
    if name in cluster.groups:
        raise Refused("ResourceInUse", f"NodeGroup already exists with name {name}")
    cluster.require_active()
    version = given.get("version") or cluster.version
    if minor(version) > minor(cluster.version):
        raise Refused("InvalidParameter", f"nodes {version} are newer than {cluster.version}")
    if minor(cluster.version) - minor(version) > 3:
        raise Refused("InvalidParameter", f"nodes {version} are too old for {cluster.version}")
    world.trusting(given["nodeRole"], "ec2.amazonaws.com")
    world.subnets_of(region.name, given["subnets"])
    template = _template(region, given)
    scaling = _scaling(given.get("scalingConfig") or {"minSize": 1, "maxSize": 2, "desiredSize": 2})
    number = identity()
    data: dict[str, Any] = {
        "nodegroupName": name,
        "nodegroupArn": region.arn(f"nodegroup/{cluster.name}/{name}/{number}"),
        "clusterName": cluster.name,
        "version": version,
        "releaseVersion": given.get("releaseVersion") or f"{version}.0-20261101",
        "createdAt": now(),
        "modifiedAt": now(),
        "capacityType": given.get("capacityType", "ON_DEMAND"),
        "scalingConfig": scaling,
        "subnets": given["subnets"],
        "amiType": given.get("amiType", "AL2023_x86_64_STANDARD"),
        "nodeRole": given["nodeRole"],
        "labels": given.get("labels", {}),
        "taints": given.get("taints", []),
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{number}"}]},
        "health": {"issues": []},
        "updateConfig": given.get("updateConfig", {"maxUnavailable": 1}),
        "nodeRepairConfig": given.get("nodeRepairConfig", {"enabled": False}),
        "tags": given.get("tags", {}),
    }
    if template:
        data["launchTemplate"] = template
    else:
        data["diskSize"] = given.get("diskSize", 20)
        data["instanceTypes"] = given.get("instanceTypes", ["t3.medium"])
    for key in ("instanceTypes", "diskSize", "remoteAccess", "warmPoolConfig"):
        if key in given:
            data[key] = given[key]
    group = Thing(data)
    group.become("CREATING")
    cluster.groups[name] = group
    if cluster.data["accessConfig"]["authenticationMode"] != "CONFIG_MAP":
        add_entry(region, cluster, given["nodeRole"], "EC2_LINUX")
    return {"nodegroup": data}


def _scaling(wanted: Data) -> Data:
    low, high, there = wanted["minSize"], wanted["maxSize"], wanted["desiredSize"]
    if not low <= there <= high:
        raise Refused(
            "InvalidParameter", f"desired capacity {there} is not between {low} and {high}"
        )
    return wanted


def _template(region: Region, given: Data) -> Data | None:
    wanted = given.get("launchTemplate")
    if wanted is None:
        return None
    ec2 = world.backend("ec2", region.name)
    known = list(ec2.launch_templates.values())
    found = [one for one in known if one.id == wanted.get("id") or one.name == wanted.get("name")]
    if not found:
        raise Refused("InvalidParameter", f"launch template {wanted} does not exist")
    if "diskSize" in given or "remoteAccess" in given:
        raise Refused(
            "InvalidParameter", "Disk size and remote access must be in the launch template"
        )
    version = wanted.get("version") or str(found[0].default_version_number)
    if str(version) not in {str(one.number) for one in found[0].versions}:
        raise Refused("InvalidParameter", f"launch template {found[0].name} has no {version}")
    content = found[0].versions[int(version) - 1].data
    if "InstanceType" in content and "instanceTypes" in given:
        raise Refused("InvalidParameter", "instance types: in the template or in the group")
    if "IamInstanceProfile" in content:
        raise Refused("InvalidParameter", "the template must not name an instance profile")
    return {"id": found[0].id, "name": found[0].name, "version": str(version)}


def _group(region: Region, given: Data) -> tuple[Cluster, Thing]:
    cluster = region.cluster(given["clusterName"])
    return cluster, held(cluster.groups, given["nodegroupName"], "node group")


@operation
def describe_nodegroup(region: Region, given: Data) -> Data:
    """Show one."""
    return {"nodegroup": _group(region, given)[1].data}


@operation
def list_nodegroups(region: Region, given: Data) -> Data:
    """Name all."""
    return {"nodegroups": sorted(region.cluster(given["clusterName"]).groups)}


@operation
def delete_nodegroup(region: Region, given: Data) -> Data:
    """Take one away; the access entry that EKS made stays, as on AWS."""
    cluster, group = _group(region, given)
    name, role = given["nodegroupName"], group.data["nodeRole"]

    def gone() -> None:
        del cluster.groups[name]
        if all(other.data["nodeRole"] != role for other in cluster.groups.values()):
            cluster.entries.pop(role, None)

    group.begin("DELETING", gone)
    return {"nodegroup": group.data}


@operation
def update_nodegroup_config(region: Region, given: Data) -> Data:
    """Change size, labels, taints, the pace of updates."""
    cluster, group = _group(region, given)
    _require_active(group)
    data = group.data
    if "scalingConfig" in given:
        data["scalingConfig"] = _scaling(data["scalingConfig"] | given["scalingConfig"])
    for key in ("updateConfig", "nodeRepairConfig", "warmPoolConfig"):
        if key in given:
            data[key] = given[key]
    labels = given.get("labels", {})
    data["labels"] = {
        key: value
        for key, value in (data["labels"] | labels.get("addOrUpdateLabels", {})).items()
        if key not in labels.get("removeLabels", [])
    }
    taints = given.get("taints", {})
    gone = [(one["key"], one["effect"]) for one in taints.get("removeTaints", [])]
    new = taints.get("addOrUpdateTaints", [])
    gone += [(one["key"], one["effect"]) for one in new]
    data["taints"] = [
        one for one in data["taints"] if (one["key"], one["effect"]) not in gone
    ] + new
    return _changed(cluster, group, "ConfigUpdate", {})


@operation
def update_nodegroup_version(region: Region, given: Data) -> Data:
    """Replace the nodes by newer ones, never newer than the cluster."""
    cluster, group = _group(region, given)
    _require_active(group)
    version = given.get("version") or group.data["version"]
    if minor(version) > minor(cluster.version):
        raise Refused("InvalidParameter", f"nodes {version} are newer than {cluster.version}")
    if minor(version) - minor(group.data["version"]) not in (0, 1):
        raise Refused(
            "InvalidParameter", f"nodes go one minor up, not {group.data['version']} to {version}"
        )
    template = _template(region, given)
    if template:
        group.data["launchTemplate"] = template
    group.data["version"] = version
    group.data["releaseVersion"] = given.get("releaseVersion") or f"{version}.0-20261101"
    return _changed(cluster, group, "VersionUpdate", {"Version": version})


def _require_active(group: Thing) -> None:
    if group.data["status"] != "ACTIVE":
        raise Refused("ResourceInUse", f"node group is {group.data['status']}, not ACTIVE")


def _changed(cluster: Cluster, group: Thing, kind: str, parameters: Data) -> Data:
    group.data["modifiedAt"] = now()
    group.become("UPDATING")
    name = group.data["nodegroupName"]
    return {"update": cluster.update(kind, parameters, nodegroupName=name)}


@operation
def create_fargate_profile(region: Region, given: Data) -> Data:
    """Let Fargate run the pods of some namespaces."""
    cluster, name = region.cluster(given["clusterName"]), given["fargateProfileName"]
    if name in cluster.profiles:
        raise Refused("ResourceInUse", f"Fargate profile {name} exists")
    cluster.require_active()
    world.trusting(given["podExecutionRoleArn"], "eks-fargate-pods.amazonaws.com")
    for subnet in world.subnets_of(region.name, given.get("subnets", [])):
        if subnet.map_public_ip_on_launch:
            raise Refused("InvalidParameter", f"Subnet {subnet.id} is not a private subnet")
    arn = region.arn(f"fargateprofile/{cluster.name}/{name}/{identity()}")
    profile = Thing({**given, "fargateProfileArn": arn, "createdAt": now()})
    profile.become("CREATING")
    cluster.profiles[name] = profile
    return {"fargateProfile": profile.data}


@operation
def describe_fargate_profile(region: Region, given: Data) -> Data:
    """Show one."""
    profiles = region.cluster(given["clusterName"]).profiles
    return {"fargateProfile": held(profiles, given["fargateProfileName"], "fargate profile").data}


@operation
def list_fargate_profiles(region: Region, given: Data) -> Data:
    """Name all."""
    return {"fargateProfileNames": sorted(region.cluster(given["clusterName"]).profiles)}


@operation
def delete_fargate_profile(region: Region, given: Data) -> Data:
    """Take one away."""
    profiles = region.cluster(given["clusterName"]).profiles
    name = given["fargateProfileName"]
    profile = held(profiles, name, "fargate profile")
    profile.begin("DELETING", lambda: discard(profiles, name))
    return {"fargateProfile": profile.data}
