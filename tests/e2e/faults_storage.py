"""Faults of volumes, quotas and what else a namespace allows; see tool_faults.py."""

from __future__ import annotations

from typing import Any

from tests.e2e.faults_cluster import rule
from tests.e2e.faults_pods import worker
from tests.e2e.tool_faults import Fault, Values, env, made, removed
from tests.e2e.tool_project import ToolProject

RESTS = "import time; time.sleep(9e9)"
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


def no_rule(project: ToolProject) -> None:
    """Take the policy away."""
    for what in ("policybinding", "policy"):
        project.kubectl("delete", f"validatingadmission{what}", project.namespace)


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
        "volume is on another node", "unschedulable", r"Pod web-", r"olume('s)? node affinity",
        DATA,
        before=bound(local={"path": "/tmp"}, nodeAffinity={"required": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "nosuch", "operator": "Exists"}]}]}}),
        after=no_volume,
    ),
    Fault(
        "writes more than it may", "pod-evicted", r"Pod web-", r"ephemeral|exceeds",
        {**env(WRITE="64", SLOW="60"), "probes": {"startup": {"failureThreshold": 30}},
         "resources": {"requests": {"ephemeral-storage": "8Mi"},
                       "limits": {"ephemeral-storage": "16Mi"}}},
    ),
    Fault(
        "quota of ReplicaSets", "quota-exceeded", r"Deployment web", r"exceeded quota: few",
        env(A="new"), over=True, before=quota("few", count_replicasets__apps="1"),
        after=removed("resourcequota", "few"), ci=True,
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
        "quota leaves no room for the worker", "quota-exceeded", r"ReplicaSet web-",
        r"exceeded quota: one", worker(RESTS),
        before=made("ResourceQuota", "one", spec={"hard": {"pods": "1"}}),
        after=removed("resourcequota", "one"),
    ),
    Fault(
        "a rule refuses ReplicaSets", "admission-refused", r"Deployment web", r"not today",
        before=rule("apps", "replicasets", "not today"), after=no_rule, ci=True,
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
