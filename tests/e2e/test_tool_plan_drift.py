"""What a hand changed in the cluster is found field by field; a clean environment shows none."""

from __future__ import annotations

import json
from typing import Any

from morrow.tool.cluster.site import Site
from morrow.tool.plan.compute import compute
from morrow.tool.plan.model import Plan
from tests.e2e.plan_changes import GATEWAY, base, laid_over
from tests.e2e.test_tool_plan import Rig, rig

__all__ = ["rig"]  # a fixture

POD = "/spec/template/spec"
APP = f"{POD}/containers/APP"


def edit(kind: str, *operations: tuple[str, str, Any]) -> list[str]:
    """Return the arguments of a JSON patch."""
    patch = [{"op": op, "path": path, "value": value} for op, path, value in operations]
    return ["patch", kind, "web", "--type=json", "-p", json.dumps(patch)]


# What a hand does, and the fields that must be named for it. `APP` is the container's index.
EDITS: list[tuple[str, list[str], list[str]]] = [
    ("a label comes", ["label", "deployment", "web", "hand=1"],
     ["deployment/web metadata.labels.hand"]),
    ("a label changes", ["label", "networkpolicy", "web", "--overwrite",
     "app.kubernetes.io/name=other"],
     ['networkpolicy/web metadata.labels["app.kubernetes.io/name"]']),
    ("a label goes", ["label", "poddisruptionbudget", "web", "app.kubernetes.io/name-"],
     ['poddisruptionbudget/web metadata.labels["app.kubernetes.io/name"]']),
    ("an annotation comes", ["annotate", "serviceaccount", "web", "hand=1"],
     ["serviceaccount/web metadata.annotations.hand"]),
    ("an annotation changes", ["annotate", "service", "web", "--overwrite", "example.com/one=2"],
     ['service/web metadata.annotations["example.com/one"]']),
    ("an annotation goes", ["annotate", "serviceaccount", "web", "example.com/role-"],
     ['serviceaccount/web metadata.annotations["example.com/role"]']),
    ("it is scaled", ["scale", "deployment", "web", "--replicas=4"],
     ["deployment/web spec.replicas"]),
    ("a variable comes", ["set", "env", "deployment/web", "-c", "web", "HAND=1"],
     ["deployment/web spec.template.spec.containers[web].env[HAND]"]),
    ("a variable changes", ["set", "env", "deployment/web", "-c", "web", "ALPHA=hand"],
     ["deployment/web spec.template.spec.containers[web].env[ALPHA].value"]),
    ("a variable goes", ["set", "env", "deployment/web", "-c", "web", "BETA-"],
     ["deployment/web spec.template.spec.containers[web].env[BETA]"]),
    ("the image changes", ["set", "image", "deployment/web", "web=registry.example.com/web:hand"],
     ["deployment/web spec.template.spec.containers[web].image"]),
    ("a limit changes", ["set", "resources", "deployment/web", "-c", "web",
     "--limits=memory=300Mi"],
     ["deployment/web spec.template.spec.containers[web].resources.limits.memory"]),
    ("a restart by hand", ["rollout", "restart", "deployment/web"],
     ['deployment/web spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]']),
    ("a volume comes", edit("deployment", ("add", f"{POD}/volumes/-",
     {"name": "hand", "emptyDir": {}})),
     ["deployment/web spec.template.spec.volumes[hand]"]),
    ("a container comes", edit("deployment", ("add", f"{POD}/containers/-",
     {"name": "hand", "image": "registry.example.com/hand"})),
     ["deployment/web spec.template.spec.containers[hand]"]),
    ("a toleration comes", edit("deployment", ("add", f"{POD}/tolerations",
     [{"key": "hand", "operator": "Exists"}])),
     ["deployment/web spec.template.spec.tolerations"]),
    ("the surge changes", edit("deployment", ("replace", "/spec/strategy/rollingUpdate/maxSurge",
     2)), ["deployment/web spec.strategy.rollingUpdate.maxSurge"]),
    ("the grace period changes", edit("deployment", ("replace",
     f"{POD}/terminationGracePeriodSeconds", 77)),
     ["deployment/web spec.template.spec.terminationGracePeriodSeconds"]),
    ("a node label is asked for", edit("deployment", ("add", f"{POD}/nodeSelector/hand", "1")),
     ["deployment/web spec.template.spec.nodeSelector.hand"]),
    ("a probe changes", edit("deployment", ("replace",
     f"{APP}/livenessProbe/failureThreshold", 9)),
     ["deployment/web spec.template.spec.containers[web].livenessProbe.failureThreshold"]),
    ("a probe goes", edit("deployment", ("remove", f"{APP}/startupProbe", None)),
     ["deployment/web spec.template.spec.containers[web].startupProbe"]),
    ("a Service port comes", edit("service", ("add", "/spec/ports/-",
     {"name": "hand", "port": 99, "targetPort": 99})),
     ["service/web spec.ports[99]"]),
    ("a target port changes", edit("service", ("replace", "/spec/ports/0/targetPort", 77)),
     ["service/web spec.ports[80].targetPort"]),
    ("a selector grows", edit("service", ("add", "/spec/selector/hand", "1")),
     ["service/web spec.selector.hand"]),
    ("a key comes", ["patch", "configmap", "notes", "-p", '{"data": {"hand": "1"}}'],
     ["configmap/notes data.hand"]),
    ("a key changes", ["patch", "configmap", "notes", "-p", '{"data": {"a": "hand"}}'],
     ["configmap/notes data.a"]),
    ("a key goes", ["patch", "configmap", "notes", "-p", '{"data": {"b": null}}'],
     ["configmap/notes data.b"]),
    ("the budget changes", edit("poddisruptionbudget", ("replace", "/spec/maxUnavailable", 2)),
     ["poddisruptionbudget/web spec.maxUnavailable"]),
    ("a rule comes", edit("networkpolicy", ("add", "/spec/ingress/-", {})),
     ["networkpolicy/web spec.ingress"]),
    ("a route's host changes", edit("httproute", ("replace", "/spec/hostnames/0",
     "hand.example.com")), ["httproute/web spec.hostnames[0]"]),
    ("an object is removed", ["delete", "configmap", "more"], ["configmap/more (missing)"]),
]  # fmt: skip


def named(plan: Plan) -> set[str]:
    """Return "object field" for everything that the plan says was changed by hand."""
    return {
        f"{drift.key} {field}"
        for drift in plan.drift
        for field in (["(missing)"] if drift.missing else [one.field for one in drift.fields])
    }


def test_every_hand_edit_is_found_and_nothing_else(rig: Rig) -> None:
    more = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"x": "1"}}
    values = laid_over(
        base(rig.namespace, rig.cluster.context), {"route": GATEWAY, "extra": {"more": more}}
    )
    environment = rig.write(values)
    rig.apply()
    clean = compute(Site(environment))
    assert named(clean) == set()
    assert clean.empty

    deployment = rig.kubectl.get("deployment", "web")
    assert deployment is not None
    containers = deployment["spec"]["template"]["spec"]["containers"]
    place = next(i for i, one in enumerate(containers) if one["name"] == "web")
    expected = set()
    for _, arguments, fields in EDITS:
        rig.kubectl.check(*(word.replace("/APP/", f"/{place}/") for word in arguments))
        expected |= set(fields)
    found = compute(Site(environment))
    assert named(found) == expected
    assert not found.empty
    print(f"{len(EDITS)} kinds of hand edit, {len(expected)} fields, all found, nothing else")

    # What the plan says `up` sets back is set back, and what it says stays is still there.
    stays = {
        f"{drift.key} {one.field}"
        for drift in found.drift
        for one in drift.fields
        if one.field not in drift.overwritten
    }
    rig.apply()
    assert named(compute(Site(environment))) == stays
    assert 0 < len(stays) < len(expected)
