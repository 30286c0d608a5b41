"""Pods without a node: a gate, a claim for a device that is not there, rules that nothing meets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver.look import look_beyond
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import WAIT, Finding, View
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import PLACE, codes, condition, good, only, pod, seen, thing
from tests.unit.tool.test_verdicts_pods import ago, event

BY_NAME: Json = {"name": "a", "resourceClaimName": "gpu"}
OF_TEMPLATE: Json = {"name": "a", "resourceClaimTemplateName": "gpus"}
GPU = thing("ResourceClaim", "gpu")


def unlooked(*claims: Json, made: bool = False, **around: list[Json]) -> View:
    late = pod(ready=False)
    late["spec"].pop("nodeName")
    late["spec"]["resourceClaims"] = list(claims)
    statuses = [{"name": "a", "resourceClaimName": "web-1-a-gpus"}] if made else []
    late["status"] = {"phase": "Pending", "resourceClaimStatuses": statuses}
    return seen([*good()[:2], late], **around)


@pytest.mark.parametrize(
    ("view", "said", "hold"),
    [
        (unlooked(BY_NAME, ResourceClaim=[]), "the ResourceClaim gpu", 20),
        (unlooked(BY_NAME, ResourceClaim=[GPU]), "no scheduler has looked at it", 40),
        # Nobody was allowed to look for claims: nothing is said of them.
        (unlooked(BY_NAME), "no scheduler has looked at it", 40),
        (unlooked(OF_TEMPLATE), "a claim of the ResourceClaimTemplate gpus", 20),
        (unlooked(OF_TEMPLATE, made=True), "no scheduler has looked at it", 40),
    ],
)
def test_a_claim_for_a_device_that_is_not_there(view: View, said: str, hold: float) -> None:
    found = only(view)
    assert (found.problem.code, found.hold) == ("unschedulable", hold)
    assert said in found.problem.cause


@pytest.mark.parametrize("claim", [BY_NAME, OF_TEMPLATE])
@pytest.mark.parametrize("left_out", ["", "nodeName", "PodScheduled"])
def test_a_pod_that_has_its_node_waits_for_no_claim(claim: Json, left_out: str) -> None:
    """Kubernetes lists only claims made from templates in a pod's status."""
    items = good()
    items[2]["spec"]["resourceClaims"] = [claim]
    items[2]["spec"].pop(left_out, None)
    conditions = items[2]["status"]["conditions"]
    items[2]["status"]["conditions"] = [one for one in conditions if one["type"] != left_out]
    assert codes(seen(items, ResourceClaim=[])) == []


def test_a_gate_is_told_before_a_claim() -> None:
    view = unlooked(BY_NAME, OF_TEMPLATE, ResourceClaim=[])
    late = view.pods[0]
    assert "ResourceClaim gpu" in only(view).problem.cause, "the control"
    late["spec"]["schedulingGates"] = [{"name": "example.com/quota"}]
    late["status"]["conditions"] = [condition("PodScheduled", "False", "SchedulingGated")]
    found = only(view)
    assert "the scheduling gate example.com/quota" in found.problem.cause
    assert found.hold == WAIT


def test_claims_are_asked_for_where_a_pod_that_is_not_ready_names_one() -> None:
    class Asked:
        def run(self, *words: str, **_: Any) -> Result:
            found = [GPU] if "resourceclaims" in words else []
            return Result(words, 0, json.dumps({"items": found}), "")

    kubectl: Any = Asked()
    assert look_beyond(kubectl, unlooked(BY_NAME)) == {"ResourceClaim": (GPU,)}
    assert look_beyond(kubectl, unlooked(OF_TEMPLATE)) == {}, "its status tells"
    healthy = good()
    healthy[2]["spec"]["resourceClaims"] = [BY_NAME]
    assert look_beyond(kubectl, seen(healthy)) == {}


SPREAD = "0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints"
ANTI = "0/1: 1 node(s) didn't match pod anti-affinity rules"
NO_VICTIMS = " preemption: 0/3 nodes are available: 3 No preemption victims found."


def waits(message: str = SPREAD, reason: str = "Waits", nominated: str = "", **old: Any) -> Finding:
    """Return what is said of a pod that no node takes, beside one that is there."""
    first = pod("web-1-b")
    first["metadata"] |= old.pop("metadata", {})
    first["status"]["conditions"] = [
        condition("PodScheduled", "True"),
        {**condition("Ready", "True"), "lastTransitionTime": ago(600), **old},
    ]
    late = pod("web-1-a", ready=False)
    late["spec"].pop("nodeName")
    said = condition("PodScheduled", "False", "Unschedulable", f"{message}.{NO_VICTIMS}")
    late["status"] = {"phase": "Pending", "conditions": [said], "nominatedNodeName": nominated}
    items = [one for one in good() if one["kind"] != "Pod"]
    told = event("Pod-web-1-a", reason, "said so")
    view = replace(seen([*items, first, late]), events=(told,))
    return next(one for one in diagnose(view, PLACE) if one.problem.code == "unschedulable")


def tainted(taint: str) -> str:
    rest = "2 node(s) didn't match pod topology spread constraints"
    return f"0/3 nodes are available: 1 node(s) had untolerated taint {{{taint}: }}, {rest}"


def useless(taint: str) -> str:
    said = f"0/1 nodes are available: 1 node(s) had untolerated taint {{{taint}: }}. preemption: "
    return f"{said}0/1 nodes are available: 1 Preemption is not helpful for scheduling"


@pytest.mark.parametrize(
    ("more", "hold"),
    [
        ({}, 45.0),
        ({"message": ANTI}, 45.0),
        ({"message": "0/1: 1 node(s) didn't have free ports for the requested pod ports"}, 45.0),
        # A full node may empty, one that is out of service may come back.
        ({"message": f"{SPREAD}, 1 Insufficient cpu"}, WAIT),
        ({"message": f"{SPREAD}, 1 node(s) were unschedulable"}, WAIT),
        ({"reason": "TriggeredScaleUp"}, WAIT),
        ({"reason": "Nominated"}, WAIT),
        ({"nominated": "one"}, WAIT),
        ({"message": f"{ANTI}. preemption: not eligible due to a terminating pod"}, WAIT),
        # What a node still waits for has taints of many names.
        ({"message": tainted("node.cilium.io/agent-not-ready")}, WAIT),
        ({"message": tainted("node.cloudprovider.kubernetes.io/uninitialized")}, WAIT),
        ({"message": tainted("karpenter.sh/unregistered")}, WAIT),
        ({"message": tainted("node.kubernetes.io/unreachable")}, WAIT),
        ({"message": tainted("example.com/gpu")}, 45.0),
        ({"message": useless("example.com/gpu")}, 12.0),
        ({"message": useless("node.cilium.io/agent-not-ready")}, WAIT),
        # Another pod of the release comes or goes: it may make room.
        ({"status": "False"}, WAIT),
        # Ready just now: this is made when tests are collected, and may run much later.
        ({"lastTransitionTime": ago(-86_400)}, WAIT),
        ({"metadata": {"deletionTimestamp": ago(1)}}, WAIT),
    ],
)
def test_rules_about_pods_that_nothing_will_meet(more: dict[str, Any], hold: float) -> None:
    assert waits(**more).hold == hold
