"""Which service account is which role: Pod Identity associations and OIDC providers."""

from __future__ import annotations

import json
from typing import Any

from tests.terraform.aws.fake import world
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

SERVICE = "pods.eks.amazonaws.com"
# Whose accounts an add-on may bind, and where they live.
NAMESPACES = {"external-dns": "external-dns", "cert-manager": "cert-manager"}


def _make(region: Region, cluster: Cluster, given: Data, owner: str = "") -> Thing:
    place = (given["namespace"], given["serviceAccount"])
    for other in cluster.associations.values():
        if (other.data["namespace"], other.data["serviceAccount"]) == place:
            raise Refused(
                "ResourceInUse",
                "Association already exists: " + other.data["associationId"],
            )
    world.trusting(given["roleArn"], SERVICE, "sts:TagSession")
    if given.get("policy"):
        if not given.get("disableSessionTags"):
            raise Refused("InvalidParameter", "a policy needs disableSessionTags")
        json.loads(given["policy"])
    number = identity("a-")
    data: dict[str, Any] = {
        "clusterName": cluster.name,
        "namespace": place[0],
        "serviceAccount": place[1],
        "roleArn": given["roleArn"],
        "associationArn": region.arn(f"podidentityassociation/{cluster.name}/{number}"),
        "associationId": number,
        "tags": given.get("tags", {}),
        "createdAt": now(),
        "modifiedAt": now(),
        "disableSessionTags": given.get("disableSessionTags", False),
        **{key: given[key] for key in ("targetRoleArn", "policy") if given.get(key)},
    }
    if given.get("targetRoleArn"):
        data["externalId"] = identity()
    if owner:
        data["ownerArn"] = owner
    cluster.associations[number] = Thing(data)
    return cluster.associations[number]


def of_addon(region: Region, cluster: Cluster, name: str, given: Data) -> list[str]:
    """Make an add-on's own associations; return their ARNs."""
    owner = region.arn(f"addon/{cluster.name}/{name}")
    namespace = NAMESPACES.get(name, "kube-system")
    wanted = given.get("podIdentityAssociations", [])
    made = [_make(region, cluster, {**one, "namespace": namespace}, owner) for one in wanted]
    return [one.data["associationArn"] for one in made]


def forget_addon(cluster: Cluster, name: str) -> None:
    """Take away the associations that an add-on made."""
    for number, one in list(cluster.associations.items()):
        if one.data.get("ownerArn", "").endswith(f"/{name}"):
            del cluster.associations[number]


@operation
def create_pod_identity_association(region: Region, given: Data) -> Data:
    """Bind an account to a role; an account has one."""
    cluster = region.cluster(given["clusterName"])
    cluster.require_active()
    return {"association": _make(region, cluster, given).data}


def _association(region: Region, given: Data) -> Thing:
    cluster = region.cluster(given["clusterName"])
    return held(cluster.associations, given["associationId"], "association")


@operation
def describe_pod_identity_association(region: Region, given: Data) -> Data:
    """Show one."""
    return {"association": _association(region, given).data}


@operation
def list_pod_identity_associations(region: Region, given: Data) -> Data:
    """Name all, of a namespace or an account where it is asked."""
    found = [one.data for one in region.cluster(given["clusterName"]).associations.values()]
    for key in ("namespace", "serviceAccount"):
        found = [one for one in found if given.get(key) in (None, one[key])]
    return {"associations": found}


@operation
def update_pod_identity_association(region: Region, given: Data) -> Data:
    """Bind it to another role."""
    one = _association(region, given)
    if "ownerArn" in one.data:
        raise Refused("InvalidRequest", f"the association is an add-on's: {one.data['ownerArn']}")
    if "roleArn" in given:
        world.trusting(given["roleArn"], SERVICE, "sts:TagSession")
    for key in ("roleArn", "disableSessionTags", "targetRoleArn", "policy"):
        if key in given:
            one.data[key] = given[key]
    one.data["modifiedAt"] = now()
    return {"association": one.data}


@operation
def delete_pod_identity_association(region: Region, given: Data) -> Data:
    """Unbind an account."""
    one = _association(region, given)
    if "ownerArn" in one.data:
        raise Refused("InvalidRequest", f"the association is an add-on's: {one.data['ownerArn']}")
    del region.cluster(given["clusterName"]).associations[given["associationId"]]
    return {"association": one.data}


@operation
def associate_identity_provider_config(region: Region, given: Data) -> Data:
    """Let people of an OIDC provider in; a cluster has one."""
    cluster = region.cluster(given["clusterName"])
    if cluster.providers:
        raise Refused("ResourceLimitExceeded", "a cluster has one OIDC provider")
    cluster.require_active()
    name = given["oidc"]["identityProviderConfigName"]
    arn = region.arn(f"identityproviderconfig/{cluster.name}/oidc/{name}/{identity()}")
    one = Thing({**given["oidc"], "clusterName": cluster.name, "identityProviderConfigArn": arn})
    one.data["tags"] = given.get("tags", {})
    one.become("CREATING")
    cluster.providers[name] = one
    return {"update": cluster.update("AssociateIdentityProviderConfig", {}), "tags": {}}


@operation
def describe_identity_provider_config(region: Region, given: Data) -> Data:
    """Show one."""
    providers = region.cluster(given["clusterName"]).providers
    one = held(providers, given["identityProviderConfig"]["name"], "identity provider config")
    return {"identityProviderConfig": {"oidc": one.data}}


@operation
def list_identity_provider_configs(region: Region, given: Data) -> Data:
    """Name all."""
    names = region.cluster(given["clusterName"]).providers
    return {"identityProviderConfigs": [{"type": "oidc", "name": name} for name in names]}


@operation
def disassociate_identity_provider_config(region: Region, given: Data) -> Data:
    """Let them in no more."""
    cluster = region.cluster(given["clusterName"])
    name = given["identityProviderConfig"]["name"]
    one = held(cluster.providers, name, "identity provider config")
    one.begin("DELETING", lambda: discard(cluster.providers, name))
    return {"update": cluster.update("DisassociateIdentityProviderConfig", {})}
