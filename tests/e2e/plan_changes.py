"""What the plan's tests change: named changes, one after the other, and random states."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

Values = dict[str, Any]


def base(namespace: str, context: str) -> Values:
    """Return an environment with many kinds switched on, whose pods no node takes."""
    return {
        "name": "web",
        "environment": "test",
        "image": {"repository": "registry.example.com/web", "tag": "1"},
        "target": {"kind": "kubernetes", "context": context, "namespace": namespace},
        "pod": {
            "nodeSelector": {"plan-test": "none"},
            "labels": {"team": "shop"},
            "annotations": {"note": "first"},
        },
        "config": {"LEVEL": "INFO", "SIZE": "10"},
        "env": {"ALPHA": "1", "BETA": "2", "GAMMA": "3"},
        "service": {"annotations": {"example.com/one": "1"}},
        "network": {"ingress": {"cidrs": {"all": "10.0.0.0/8"}}},
        "serviceAccount": {"annotations": {"example.com/role": "reader"}},
        "volumes": {"data": {"mountPath": "/data", "source": {"emptyDir": {}}}},
        "sidecars": {"proxy": container("proxy:1")},
        "extra": {"notes": {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1", "b": "2"}}},
    }


def container(image: str) -> Values:
    """Return a container beside the service."""
    return {"image": f"registry.example.com/{image}", "command": ["serve"]}


GATEWAY = {"mode": "gateway", "hosts": ["a.example.com"], "gateway": {"name": "lab"}}
INGRESS = {"mode": "ingress", "hosts": ["a.example.com", "b.example.com"]}
OUTSIDE = {"cidrs": {"all": "10.0.0.0/8", "more": "192.168.0.0/16"}}

# Each is laid over what the ones before made; None takes a key out. With it: an object that
# the plan must name, so that an empty plan for an empty change cannot pass.
CHANGES: list[tuple[str, Values, str]] = [
    ("an environment variable goes", {"env": {"BETA": None}}, "Deployment"),
    ("one comes between others", {"env": {"AZURE": "x"}}, "Deployment"),
    ("one changes", {"env": {"GAMMA": "4"}}, "Deployment"),
    ("one becomes a reference", {"env": {"ALPHA": {"fieldRef": {"fieldPath": "status.podIP"}}}},
     "Deployment"),
    ("a pod label goes", {"pod": {"labels": {"team": None}}}, "Deployment"),
    ("a pod annotation changes", {"pod": {"annotations": {"note": "second"}}}, "Deployment"),
    ("a Service annotation goes", {"service": {"annotations": {"example.com/one": None}}},
     "Service"),
    ("the Service's port changes", {"service": {"port": 8080}}, "Service"),
    ("the Service gets a node's port", {"service": {"type": "NodePort"},
     "network": {"ingress": OUTSIDE}}, "Service"),
    ("and loses it", {"service": {"type": None}}, "Service"),
    ("the setting's value changes", {"config": {"LEVEL": "DEBUG"}}, "Deployment"),
    ("the budget goes, a whole object", {"pdb": {"enabled": False}}, "PodDisruptionBudget"),
    ("the autoscaler comes", {"autoscaling": {"mode": "hpa", "min": 2, "max": 4}},
     "HorizontalPodAutoscaler"),
    ("the autoscaler's bounds change", {"autoscaling": {"max": 6, "memory": 80}},
     "HorizontalPodAutoscaler"),
    ("the autoscaler goes", {"autoscaling": None}, "HorizontalPodAutoscaler"),
    ("replicas change", {"replicas": 3}, "Deployment"),
    ("a volume changes its source", {"volumes": {"data": {"source": {"emptyDir": None,
     "configMap": {"name": "other"}}}}}, "Deployment"),
    ("a volume goes", {"volumes": None}, "Deployment"),
    ("a sidecar comes", {"sidecars": {"agent": container("agent:1")}}, "Deployment"),
    ("another one goes", {"sidecars": {"proxy": None}}, "Deployment"),
    ("an init container comes", {"initContainers": {"first": container("first:1")}}, "Deployment"),
    ("a probe and the drain change", {"probes": {"readiness": {"periodSeconds": 9}}, "drain": 7},
     "Deployment"),
    ("memory changes its unit only, cpu its value",
     {"resources": {"requests": {"memory": "131072Ki", "cpu": "0.2"}}}, "Deployment"),
    ("an object's key goes", {"extra": {"notes": {"data": {"b": None}}}}, "ConfigMap"),
    ("an Ingress comes", {"route": INGRESS}, "Ingress"),
    ("an HTTPRoute instead", {"route": GATEWAY}, "HTTPRoute"),
    ("its hosts change", {"route": {"hosts": ["c.example.com"]}}, "HTTPRoute"),
    ("egress is closed", {"network": {"egress": {"to": {}}}}, "NetworkPolicy"),
    ("the account's annotation goes", {"serviceAccount": {"annotations": None}},
     "ServiceAccount"),
    ("secrets get a new revision", {"secrets": {"keys": ["TOKEN"], "revision": "2"}},
     "Deployment"),
]  # fmt: skip


def laid_over(lower: Values, upper: Values) -> Values:
    """Return `upper` laid over `lower`; None takes a key out."""
    merged = deepcopy(lower)
    for key, value in upper.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = laid_over(merged[key], value)
        else:
            merged[key] = deepcopy(value)
    return merged


def random_state(namespace: str, context: str, dice: random.Random) -> Values:
    """Return a state in which each change above was made or not."""
    state = base(namespace, context)
    for _, change, _ in CHANGES:
        if dice.random() < 0.5:
            state = laid_over(state, change)
    if state.get("route", {}).get("mode") == "ingress":
        state["route"].pop("gateway", None)
    if state.get("route") and "mode" not in state["route"]:
        del state["route"]
    if "mode" not in state.get("autoscaling", {"mode": ""}):
        del state["autoscaling"]
    if not state.get("volumes", {}).get("data", {}).get("mountPath"):
        state.pop("volumes", None)
    return state
