"""Deploys that are slow, or stumble once, and are good; see test_tool_slow.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.e2e.tool_faults import (
    Values,
    env,
    made,
    no_webhook,
    reference,
    removed,
    silent_webhook,
    volume,
)
from tests.e2e.tool_project import ToolProject


@dataclass(frozen=True)
class Slow:
    """A deploy that takes its time."""

    name: str
    values: Values = field(default_factory=dict)
    before: Callable[[ToolProject], None] = lambda project: None
    meanwhile: Callable[[ToolProject], None] = lambda project: None  # 6 s after `up` began
    over: Values | None = None  # deployed before
    after: Callable[[ToolProject], None] = lambda project: None  # takes away what it brought
    least: float = 0  # seconds that it takes at least: it is slow in truth
    ci: bool = False


def wait_in(kind: str, seconds: int) -> Values:
    """Return the values of a container that sleeps before it is done."""
    command = ["/usr/bin/python3", "-c", f"import time; time.sleep({seconds})"]
    if kind == "job":
        return {"processes": {"job": {"kind": "job", "command": command}}}
    return {kind: {"helper": {"image": "IMAGE", "command": command}}}


def label_a_node(project: ToolProject) -> None:
    """Give one node the label that the pods wait for."""
    node = project.cluster.get("nodes")["items"][-1]["metadata"]["name"]
    project.kubectl("label", "node", node, f"example.com/{project.namespace}=yes")


def forget_the_label(project: ToolProject) -> None:
    """Take the label off."""
    project.kubectl("label", "nodes", "--all", f"example.com/{project.namespace}-")


def delete_a_pod(project: ToolProject) -> None:
    """Take a new pod away in the middle."""
    project.kubectl("delete", "pod", "-l", "app.kubernetes.io/name=web", "--wait=false")


def break_by_hand(project: ToolProject) -> None:
    """Let the live Deployment name an image that is not there."""
    image = f"{project.cluster.registry}/hello:nosuch"
    project.kubectl("set", "image", "deployment/web", f"web={image}")
    time.sleep(5)


def broken_neighbour(project: ToolProject) -> None:
    """Let another Deployment of the namespace fail."""
    labels = {"app": "other"}
    container = {"name": "other", "image": f"{project.cluster.registry}/hello:nosuch"}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    made("Deployment", "other", apiVersion="apps/v1", spec=spec)(project)


def scaled_to_nothing(project: ToolProject) -> None:
    """Let the live Deployment have no pods."""
    project.kubectl("scale", "deployment/web", "--replicas=0")


SECRET = volume({"secret": {"secretName": "late"}})
PATIENT = {"startup": {"failureThreshold": 90}}
HASTY = {"startup": {"failureThreshold": 30}}

# Served, and not the version of its group that the cluster prefers.
OLDER = {
    "apiVersion": "gateway.networking.k8s.io/v1beta1",
    "kind": "HTTPRoute",
    "spec": {"rules": [{"backendRefs": [{"name": "web", "port": 80}]}]},
}

SLOW = (
    Slow("starts slowly", env(SLOW="25"), least=25, ci=True),
    Slow("starts very slowly", {**env(SLOW="70"), "probes": PATIENT}, least=70),
    Slow("warms up", env(WARM="20"), over={}, least=20, ci=True),
    Slow("dies once", env(DEATHS="1"), ci=True),
    Slow("prepares slowly", wait_in("initContainers", 20), least=20),
    Slow("migrates slowly", wait_in("job", 20), over={}, least=20),
    Slow("has a sidecar", {"sidecars": {"helper": {"image": "REGISTRY/lab/pause:1"}}}),
    Slow(
        "quota is freed",
        before=made("ResourceQuota", "small", spec={"hard": {"pods": "0"}}),
        meanwhile=removed("resourcequota", "small"),
        least=6,
        ci=True,
    ),
    Slow(
        "Secret comes late",
        SECRET,
        meanwhile=made("Secret", "late", stringData={"A": "x"}),
        least=6,
        ci=True,
    ),
    Slow(
        "ConfigMap comes late",
        reference("configMapKeyRef", "late", "A"),
        meanwhile=made("ConfigMap", "late", data={"A": "x"}),
        least=6,
    ),
    Slow(
        "service account comes late",
        {"serviceAccount": {"create": False, "name": "late"}},
        meanwhile=made("ServiceAccount", "late"),
        least=6,
    ),
    Slow(
        "node comes late",
        {"pod": {"nodeSelector": {"example.com/NAMESPACE": "yes"}}},
        meanwhile=label_a_node,
        after=forget_the_label,
        least=6,
    ),
    Slow("webhook comes back", before=silent_webhook, meanwhile=no_webhook, least=6),
    Slow("a pod is deleted", {**env(SLOW="10"), "replicas": 2}, meanwhile=delete_a_pod, least=10),
    Slow("four pods in turn", {"replicas": 4, **env(SLOW="3")}, over={"replicas": 4}),
    # One after the other, each 12 s: together they outlast the budget that each one has.
    Slow(
        "four pods outlast one budget",
        {"replicas": 4, **env(SLOW="12"), "probes": HASTY},
        over={"replicas": 4},
    ),
    Slow(
        "becomes settled late",
        {"rollout": {"minReadySeconds": 12}, **env(A="new")},
        over={},
        least=12,
    ),
    Slow("old pods drain slowly", {**env(A="new"), "grace": 20}, over={"grace": 20, "drain": 15}),
    Slow("neighbour is broken", before=broken_neighbour, over={}, ci=True),
    Slow("was broken by hand", before=break_by_hand, over={}, ci=True),
    Slow("was scaled to nothing", before=scaled_to_nothing, over={}),
    Slow("nothing to change", over={}, ci=True),
    Slow("has a kind in an older version", {"extra": {"old": OLDER}}, ci=True),
)
