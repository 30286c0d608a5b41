"""Pods that no scheduler looks at: a gate holds them back, or a claim for a device is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from morrow.tool.base.outcome import Json
from morrow.tool.deliver.look import look_beyond
from morrow.tool.diagnose.view import WAIT, View
from morrow.tool.programs.runner import Result
from tests.unit.tool.around import codes, condition, good, only, pod, seen, thing

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
        (unlooked(BY_NAME, ResourceClaim=[GPU]), "no scheduler has looked at it", 60),
        # Nobody was allowed to look for claims: nothing is said of them.
        (unlooked(BY_NAME), "no scheduler has looked at it", 60),
        (unlooked(OF_TEMPLATE), "a claim of the ResourceClaimTemplate gpus", 20),
        (unlooked(OF_TEMPLATE, made=True), "no scheduler has looked at it", 60),
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
