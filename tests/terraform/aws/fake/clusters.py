"""EKS clusters: create, describe, list, delete, versions and updates."""

from __future__ import annotations

import base64
import ipaddress
from typing import Any

from tests.terraform.aws.fake import access, world
from tests.terraform.aws.fake.protocol import Refused
from tests.terraform.aws.fake.state import Cluster, Data, Region, identity, now, operation

# Minor: the end of standard support, where a page of AWS's was read.
VERSIONS = {
    "1.33": "2026-07-29",
    "1.34": "2026-12-02",
    "1.35": "2027-03-27",
    "1.36": "",
    "1.37": "",
}
DEFAULT_VERSION = "1.36"
PRIVATE = [ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
NETWORK_DEFAULTS = {"endpointPublicAccess": True, "endpointPrivateAccess": False}
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def minor(version: str) -> int:
    """Return the minor of a version that exists, or refuse."""
    if version not in VERSIONS:
        raise Refused("InvalidParameter", f"unsupported Kubernetes version {version}")
    return int(version.split(".")[1])


@operation
def create_cluster(region: Region, given: Data) -> Data:
    """Make a cluster, its security group and its interfaces."""
    name = given["name"]
    if name in region.clusters:
        raise Refused("ResourceInUse", f"Cluster already exists with name: {name}")
    version = given.get("version") or DEFAULT_VERSION
    minor(version)
    network = NETWORK_DEFAULTS | given["resourcesVpcConfig"]
    vpc = world.vpc_of(
        region.name, network.get("subnetIds") or [], network.get("securityGroupIds") or []
    )
    endpoint(network)
    auto = is_auto(given)
    world.trusting(given["roleArn"], "eks.amazonaws.com", *(["sts:TagSession"] if auto else []))
    let_in = {
        "authenticationMode": "CONFIG_MAP",
        "bootstrapClusterCreatorAdminPermissions": True,
    } | given.get("accessConfig", {})
    if auto:
        require_auto(given, let_in, region)
    for one in given.get("encryptionConfig", []):
        world.require_key(region.name, one["provider"]["keyArn"])
    group = world.make_security_group(region.name, name, vpc)
    interfaces = world.make_interfaces(region.name, name, network["subnetIds"], group)
    cluster = Cluster(_shown(region, given, version, network | {"vpcId": vpc}, let_in, group))
    cluster.data["interfaces"] = interfaces
    region.clusters[name] = cluster
    cluster.become("CREATING")
    if auto:
        add_auto_entry(region, cluster)
    log(region, cluster)
    return {"cluster": cluster.data}


def _shown(
    region: Region, given: Data, version: str, network: Data, let_in: Data, group: str
) -> Data:
    name, number = given["name"], identity().replace("-", "").upper()
    off = [{"types": list(LOG_TYPES), "enabled": False}]
    auto = is_auto(given)
    return {
        "name": name,
        "arn": region.arn(f"cluster/{name}"),
        "createdAt": now(),
        "version": version,
        "platformVersion": "eks.1",
        "endpoint": f"https://{number}.gr7.{region.name}.eks.amazonaws.com",
        "roleArn": given["roleArn"],
        "resourcesVpcConfig": {
            "securityGroupIds": [],
            "publicAccessCidrs": ["0.0.0.0/0"] if network["endpointPublicAccess"] else [],
            **network,
            "clusterSecurityGroupId": group,
        },
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": "172.20.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": auto},
            **given.get("kubernetesNetworkConfig", {}),
        },
        "logging": all_types(given.get("logging", {"clusterLogging": off})),
        "identity": {
            "oidc": {"issuer": f"https://oidc.eks.{region.name}.amazonaws.com/id/{number}"}
        },
        "certificateAuthority": {"data": base64.b64encode(b"no certificate").decode()},
        "tags": given.get("tags", {}),
        "encryptionConfig": given.get("encryptionConfig", []),
        "health": {"issues": []},
        "accessConfig": let_in,
        "upgradePolicy": {"supportType": "EXTENDED"} | given.get("upgradePolicy", {}),
        "computeConfig": given.get("computeConfig", {"enabled": False}),
        "storageConfig": given.get("storageConfig", {"blockStorage": {"enabled": False}}),
        "deletionProtection": given.get("deletionProtection", False),
        "controlPlaneScalingConfig": given.get("controlPlaneScalingConfig", {"tier": "standard"}),
        **{key: given[key] for key in ("remoteNetworkConfig", "zonalShiftConfig") if key in given},
    }


def endpoint(network: Data) -> None:
    """Refuse an API server that nobody can reach, and CIDRs that are none."""
    if not network["endpointPublicAccess"] and not network["endpointPrivateAccess"]:
        raise Refused("InvalidParameter", "Private and public endpoint access cannot both be false")
    for cidr in network.get("publicAccessCidrs") or []:
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            raise Refused("InvalidParameter", f"{cidr} is no CIDR") from None


def switches(given: Data) -> list[bool]:
    """Return the three switches of Auto Mode."""
    return [
        bool(given.get("computeConfig", {}).get("enabled")),
        bool(given.get("storageConfig", {}).get("blockStorage", {}).get("enabled")),
        bool(
            given.get("kubernetesNetworkConfig", {}).get("elasticLoadBalancing", {}).get("enabled")
        ),
    ]


def is_auto(given: Data) -> bool:
    """Return whether all switches of Auto Mode are on; refuse a mixture."""
    found = switches(given)
    if any(found) != all(found):
        raise Refused(
            "InvalidParameter",
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig,"
            " kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully"
            " disabled.",
        )
    return all(found)


def require_auto(given: Data, let_in: Data, region: Region) -> None:
    """Refuse what Auto Mode does not go with."""
    if let_in["authenticationMode"] == "CONFIG_MAP":
        raise Refused("InvalidParameter", "EKS Auto Mode needs authentication mode API")
    if given.get("bootstrapSelfManagedAddons", True):
        raise Refused("InvalidParameter", "bootstrapSelfManagedAddons must be false in Auto Mode")
    compute = given["computeConfig"]
    for pool in compute.get("nodePools", []):
        if pool not in ("general-purpose", "system"):
            raise Refused("InvalidParameter", f"there is no built-in node pool {pool}")
    if bool(compute.get("nodePools")) != bool(compute.get("nodeRoleArn")):
        raise Refused("InvalidParameter", "nodePools and nodeRoleArn go together")
    if compute.get("nodeRoleArn"):
        world.trusting(compute["nodeRoleArn"], "ec2.amazonaws.com")


def add_auto_entry(region: Region, cluster: Cluster) -> None:
    """Let Auto Mode's nodes in, as EKS does by itself."""
    role = cluster.data["computeConfig"].get("nodeRoleArn")
    if role:
        access.add(region, cluster, role, "EC2")


def all_types(logging: Data) -> Data:
    """Return a logging setup as EKS shows it: what is on, then what is off."""
    on = {kind for one in logging["clusterLogging"] if one.get("enabled") for kind in one["types"]}
    parts = [
        ([kind for kind in LOG_TYPES if kind in on], True),
        ([kind for kind in LOG_TYPES if kind not in on], False),
    ]
    return {"clusterLogging": [{"types": kinds, "enabled": what} for kinds, what in parts if kinds]}


def log(region: Region, cluster: Cluster) -> None:
    """Write a log line where logs are on."""
    if any(one["enabled"] for one in cluster.data["logging"]["clusterLogging"]):
        world.write_log(region.name, cluster.name)


@operation
def describe_cluster(region: Region, given: Data) -> Data:
    """Show one."""
    region.cluster(given["name"]).look()
    return {"cluster": region.cluster(given["name"]).data}


@operation
def list_clusters(region: Region, given: Data) -> Data:
    """Name all."""
    return {"clusters": sorted(region.clusters)}


@operation
def delete_cluster(region: Region, given: Data) -> Data:
    """Take one away, once nothing that computes hangs on it."""
    cluster = region.cluster(given["name"])
    for things, kind in ((cluster.groups, "nodegroups"), (cluster.profiles, "fargate profiles")):
        if things:
            raise Refused("ResourceInUse", f"Cluster has {kind} attached: {', '.join(things)}")
    cluster.require_active()
    if cluster.data.get("deletionProtection"):
        raise Refused("InvalidRequest", f"deletion protection of {cluster.name} is on")

    def gone() -> None:
        log(region, cluster)  # the last line comes late
        network = cluster.data["resourcesVpcConfig"]
        world.remove_network(
            region.name, cluster.data["interfaces"], network["clusterSecurityGroupId"]
        )
        del region.clusters[cluster.name]

    cluster.begin("DELETING", gone)
    return {"cluster": cluster.data}


@operation
def describe_cluster_versions(region: Region, given: Data) -> Data:
    """Name the versions of Kubernetes."""
    wanted = given.get("clusterVersions") or list(VERSIONS)
    found: list[dict[str, Any]] = []
    for version, end in VERSIONS.items():
        if version in wanted:
            old = bool(end) and end < "2026-11-28"
            found.append(
                {
                    "clusterVersion": version,
                    "defaultVersion": version == DEFAULT_VERSION,
                    "status": "extended-support" if old else "standard-support",
                    "versionStatus": "EXTENDED_SUPPORT" if old else "STANDARD_SUPPORT",
                }
            )
    return {"clusterVersions": found}
