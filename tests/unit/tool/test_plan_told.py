"""What a plan says in words and as data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.project import Project
from morrow.tool.environment.model import Environment
from morrow.tool.plan.compute import warnings
from morrow.tool.plan.diff import Change
from morrow.tool.plan.inputs import Inputs
from morrow.tool.plan.model import Drift, ObjectChange, Plan
from morrow.tool.plan.objects import Key
from morrow.tool.plan.show import as_json, as_text
from tests.environments import load
from tests.unit.tool.deployments import app, deployment


@pytest.fixture
def environment(project_folder: Path) -> Environment:
    return load(Project.find(), "dev")


def warned(environment: Environment, inputs: Inputs, *changes: ObjectChange) -> str:
    return "\n".join(warnings(environment, inputs, changes))


WEB, HPA = (Key(kind, "web", "here", "") for kind in ("Deployment", "HorizontalPodAutoscaler"))
SERVICE = Key("Service", "web", "here", "")


def test_what_deserves_attention_is_said(environment: Environment) -> None:
    one, three = deployment(app(), replicas=1), deployment(app(), replicas=3)
    target = {"scaleTargetRef": {"name": "web"}, "minReplicas": 2}
    assert "deployment/web: one replica:" in warned(environment, Inputs(new={WEB: one}))
    assert "one replica" not in warned(environment, Inputs(new={WEB: three}))

    new = {WEB: deployment(app()), HPA: {"kind": HPA.kind, "spec": target}}
    switched = Inputs(old={WEB: three}, new=new, live={WEB: deployment(app(), replicas=5)})
    assert "falls from 5 to 1 until it sets at least 2" in warned(environment, switched)
    later = Inputs(old={WEB: deployment(app())}, new=new, live=switched.live)
    assert "the autoscaler takes over" not in warned(environment, later)

    recreate = deployment(app(), replicas=3, strategy={"type": "Recreate"})
    assert "nothing serves between" in warned(environment, Inputs(new={WEB: recreate}))
    assert "has no digest" in warned(environment, Inputs())
    port = ObjectChange(SERVICE, "update", (Change(("spec", "ports"), 1, 2),))
    assert "by the old ports" in warned(environment, Inputs(), port)
    for provider, unused in (("sops", True), ("external", False)):
        held = {"external": {"store": "aws"}, "provider": provider}
        values = {**environment.values, "secrets": {**environment.values["secrets"], **held}}
        said = warned(replace(environment, values=values), Inputs())
        assert ("nothing is read from the SecretStore aws" in said) is unused
    label = ObjectChange(SERVICE, "update", (Change(("metadata", "labels"), 1, 2),))
    assert "by the old ports" not in warned(environment, Inputs(), label)
    gone = ObjectChange(SERVICE, "delete")
    assert "service/web is removed" in warned(environment, Inputs(), gone)


def planned(environment: Environment, **more: Any) -> Plan:
    empty: dict[str, Any] = dict.fromkeys(
        ("changes", "drift", "hooks", "restarts", "warnings", "config", "problems", "watched"), ()
    )
    empty |= {"secrets": "", "secret": "", "live": {}, "manifest": "", "cluster": ""}
    empty |= {"revision": 3, "status": "deployed", "terraform": None}
    return Plan(environment=environment, **{**empty, **more})


def test_a_plan_is_told_in_text_and_json(environment: Environment) -> None:
    calm = planned(environment)
    assert calm.empty
    assert as_text(calm).splitlines()[-1] == "nothing to do: files, release and cluster agree"

    template = ("spec", "template", "spec", "replicas")
    changes = (
        ObjectChange(WEB, "update", (Change(template, 1, 2),)),
        ObjectChange(SERVICE, "delete"),
        ObjectChange(HPA, "create"),
        ObjectChange(Key("ConfigMap", "old", "here", ""), "keep"),
    )
    drifts = (Drift(SERVICE, (Change(("spec", "type"), "A", "B"),)), Drift(HPA, (), missing=True))
    full = planned(environment, changes=changes, drift=drifts, secrets="revision 1 -> 2",
                   restarts=("deployment/web",), hooks=("job/web (pre-install)",))  # fmt: skip
    assert changes[0].restarts
    text = as_text(full)
    for line in (
        "~ deployment/web  update\n    spec.template.spec.replicas: 1 -> 2",
        "- service/web  delete",
        "= configmap/old  left in place by its policy",
        '! service/web\n    spec.type (`up` leaves it): "A" is now "B"',
        "! horizontalpodautoscaler/web  removed; `up` makes it again",
        "secrets: revision 1 -> 2",
        "runs: job/web (pre-install)",
        "restarts: deployment/web, pod by pod",
        "1 to create, 1 to update, 1 to delete, 1 to keep, 2 changed by hand",
    ):
        assert line in text, text
    told = as_json(full)
    assert told["counts"] == {"create": 1, "update": 1, "delete": 1, "keep": 1, "drift": 2}
    assert (told["empty"], told["restarts"]) == (False, ["deployment/web"])
    assert json.loads(json.dumps(told)) == told
    assert planned(environment, changes=changes[3:]).empty, "what is kept is nothing to do"
    assert not planned(environment, drift=drifts).empty
