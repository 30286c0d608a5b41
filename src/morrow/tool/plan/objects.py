"""Kubernetes objects as the plan sees them: identity, list keys, what is noise."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

from morrow.tool.base.outcome import Json


@dataclass(frozen=True, order=True)
class Key:
    """What Helm takes for the same object: group, kind, namespace, name (not the version)."""

    kind: str
    name: str
    namespace: str
    group: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


# The groups that Helm was built with; objects of all others are CRDs' and merge as plain JSON.
BUILT_IN = {
    "",
    "admissionregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
}

# Lists that merge by a key (Kubernetes' patchMergeKey), by the name of the field. A field of
# the same name elsewhere is no such list: `OWNERS` says below which fields it is one.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "volumes": "name",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "schedulingGates": "name",
    "resourceClaims": "name",
    "ownerReferences": "uid",
}
OWNERS = {
    "containers": {"spec"},
    "imagePullSecrets": {"spec"},
    "ownerReferences": {"metadata"},
}
RETAIN_KEYS = {"volumes", "resourceClaims"}  # an item holds only what the new manifest says

NOISE_METADATA = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
NOISE_ANNOTATIONS = (
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "kubectl.kubernetes.io/last-applied-configuration",
)
HIDDEN = "(a value that is not shown)"


def merge_key(kind: str, field: str, parent: str) -> str | None:
    """Return the key by which a list merges, or None when it is replaced as a whole."""
    if field == "ports":
        if parent == "spec" and kind == "Service":
            return "port"
        return "containerPort" if parent in ("containers", "initContainers") else None
    if field == "secrets" and kind == "ServiceAccount" and not parent:
        return "name"
    if field in OWNERS and parent not in OWNERS[field]:
        return None
    return MERGE_KEYS.get(field)


def group(item: Json) -> str:
    """Return the API group of an object."""
    version = str(item.get("apiVersion", ""))
    return version.rpartition("/")[0]


def key(item: Json, namespace: str) -> Key:
    """Return the object's identity; without a namespace it is in the release's."""
    metadata = item.get("metadata") or {}
    return Key(
        str(item.get("kind", "")),
        str(metadata.get("name", "")),
        str(metadata.get("namespace") or namespace),
        group(item),
    )


def by_key(items: Iterable[Json], namespace: str) -> dict[Key, Json]:
    """Return objects by identity."""
    return {key(item, namespace): item for item in items}


def clean(item: Json) -> Json:
    """Return an object without what the cluster keeps for itself; secrets' values hidden."""
    cleaned = {name: deepcopy(value) for name, value in item.items() if name != "status"}
    metadata = cleaned.get("metadata")
    if isinstance(metadata, dict):
        for name in NOISE_METADATA:
            metadata.pop(name, None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for name in NOISE_ANNOTATIONS:
                annotations.pop(name, None)
        for name in ("annotations", "labels"):
            if not metadata.get(name):
                metadata.pop(name, None)
    if cleaned.get("kind") == "Secret":
        # The chart refuses a Secret, so no release of it holds one whose values could differ.
        for name in ("data", "stringData"):
            if isinstance(cleaned.get(name), dict):
                cleaned[name] = dict.fromkeys(cleaned[name], HIDDEN)
    return cleaned
