"""Faults of volumes, quotas and what else a namespace allows; see tool_faults.py."""

from __future__ import annotations

from typing import Any

from tests.e2e.tool_faults import Fault, Values, made, removed
from tests.e2e.tool_project import ToolProject

NOBODY = {
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
}
DATA: Values = {"volumes": {"more": {"mountPath": "/more", "source": {
    "persistentVolumeClaim": {"claimName": "data"}}}}}  # fmt: skip


def quota(name: str, **hard: str) -> Any:
    """Return what limits a namespace; a key's second underscore stands for a dot."""
    own = {key.replace("__", ".").replace("_", "/", 1): value for key, value in hard.items()}
    return made("ResourceQuota", name, spec={"hard": own})


def no_class(project: ToolProject) -> None:
    """Take the storage class away."""
    project.kubectl("delete", "storageclass", project.namespace)


def unfilled_class(project: ToolProject) -> None:
    """Make a storage class for which nobody makes volumes."""
    meta = {"name": project.namespace}
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
    project.make({**kind, "metadata": meta, **NOBODY})


def bound(**source: object) -> Any:
    """Return what makes a volume of that source, and a claim that has it."""

    def make(project: ToolProject) -> None:
        name, size = project.namespace, {"storage": "1Mi"}
        own = {"accessModes": ["ReadWriteOnce"], "storageClassName": ""}
        claim = {"namespace": name, "name": "data"}
        volume = {**own, "capacity": size, "claimRef": claim, **source}
        project.make({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
                      "spec": volume})  # fmt: skip
        wanted = {**own, "resources": {"requests": size}, "volumeName": name}
        made("PersistentVolumeClaim", "data", spec=wanted)(project)
        phase = "--for=jsonpath={.status.phase}=Bound"
        project.kubectl("wait", phase, "pvc/data", "--timeout=60s")

    return make


def lost(project: ToolProject) -> None:
    """Take the volume away from under its claim."""
    bound(hostPath={"path": "/tmp"})(project)
    free = '{"metadata": {"finalizers": null}}'
    project.kubectl("delete", "pv", project.namespace, "--wait=false")
    project.kubectl("patch", "pv", project.namespace, "--type=merge", "-p", free)
    phase = "--for=jsonpath={.status.phase}=Lost"
    project.kubectl("wait", phase, "pvc/data", "--timeout=60s")


def no_volume(project: ToolProject) -> None:
    """Take the volume away."""
    project.kubectl("delete", "pv", project.namespace, "--wait=false", "--ignore-not-found")


FAULTS = (
    Fault(
        "claim's class has no volume", "volume-unbound", r"Pod web-", r"persistent volumes to bind",
        {"rollout": {"strategy": "Recreate"}, "volumes": {"more": {"mountPath": "/more", "claim": {
            "size": "1Mi", "class": "NAMESPACE"}}}},
        before=unfilled_class, after=no_class,
    ),
    Fault(
        "node's folder is not there", "volume-not-mounted", r"Pod web-",
        r"hostPath type check failed", DATA,
        before=bound(hostPath={"path": "/nosuch", "type": "Directory"}), after=no_volume,
    ),
    Fault(
        "volume is lost", "volume-unbound", r"PersistentVolumeClaim data|Pod web-",
        r"Lost|non-existent persistentvolume", DATA, before=lost,
    ),
    Fault(
        "quota of processors", "quota-exceeded", r"ReplicaSet web-", r"exceeded quota: few",
        before=made("ResourceQuota", "few", spec={"hard": {"requests.cpu": "5m"}}),
        after=removed("resourcequota", "few"), ci=True,
    ),
    Fault(
        "quota of Jobs", "quota-exceeded", r"release web", r"exceeded quota: few",
        {"processes": {"job": {"kind": "job", "command": ["/usr/bin/python3", "-V"]}}},
        before=quota("few", count_jobs__batch="0"), after=removed("resourcequota", "few"), ci=True,
    ),
    Fault(
        "a default limit is too low", "limit-range-refused", r"ReplicaSet web-",
        r"less than or equal to memory limit",
        {"resources": {"limits": {"memory": None}}},
        before=made("LimitRange", "low", spec={"limits": [
            {"type": "Container", "default": {"memory": "16Mi"},
             "defaultRequest": {"memory": "8Mi"}}]}),
        after=removed("limitrange", "low"), ci=True,
    ),
)  # fmt: skip
