"""The plan holds: what it says is what Helm does, field by field."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from morrow.tool.base.outcome import Json
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.plan.compute import UNKNOWN, compute
from morrow.tool.plan.diff import Change, Item
from morrow.tool.plan.inputs import read_live
from morrow.tool.plan.model import Plan
from morrow.tool.plan.objects import Key
from morrow.tool.programs.kubectl import Kubectl
from tests.e2e.cluster import ROOT, Cluster
from tests.e2e.plan_changes import CHANGES, Values, base, laid_over, random_state
from tests.environments import load

SERVER_ONLY = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
REVISION = "deployment.kubernetes.io/revision"


class Rig:
    """A project whose environment lives in one namespace; Helm applies it, not the tool."""

    def __init__(self, folder: Path, cluster: Cluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.folder = folder
        (folder / "environments").mkdir()
        (folder / "pyproject.toml").write_text(f'[tool.morrow]\nchart = "{ROOT / "chart"}"\n')
        self.kubectl = Kubectl(cluster.context, namespace)

    def write(self, values: Values) -> Environment:
        file = self.folder / "environments" / "test.yaml"
        file.write_text(yaml.safe_dump(values, sort_keys=False))
        return load(Project.find(self.folder), "test")

    def apply(self) -> None:
        file = str(self.folder / "environments" / "test.yaml")
        where = ("-n", self.namespace, "-f", file)
        self.cluster.helm("upgrade", "--install", "web", str(ROOT / "chart"), *where)

    def live(self, plan: Plan) -> dict[Key, Json]:
        return {key: bare(item) for key, item in read_live(self.kubectl, plan.watched).items()}


@pytest.fixture
def rig(tmp_path: Path, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Rig:
    for name, value in cluster.environment().items():
        monkeypatch.setenv(name, value)
    for revision in ("1", "2"):  # plain Helm makes none
        words = ("create", "secret", "generic", f"web-{revision}", "--from-literal=TOKEN=x")
        cluster.kubectl(*words, "-n", namespace)
    return Rig(tmp_path, cluster, namespace)


def bare(item: Json) -> Json:
    """Return what somebody can have written."""
    item = deepcopy(item)
    item.pop("status", None)
    for name in SERVER_ONLY:
        item["metadata"].pop(name, None)
    (item["metadata"].get("annotations") or {}).pop(REVISION, None)
    for name in ("annotations", "labels"):
        if not item["metadata"].get(name):
            item["metadata"].pop(name, None)
    return item


def carried_out(item: Json, changes: tuple[Change, ...]) -> Json:
    """Do by hand what the plan says; this shares no line with the code that made the plan."""
    item = deepcopy(item)
    for change in changes:
        *way, last = change.path
        if last == "(order)":
            continue
        place: Any = item
        for step in way:
            if isinstance(step, Item):
                place = next(one for one in place if one.get(step.by) == step.value)
            elif isinstance(step, int):
                place = place[step]
            else:
                place = place.setdefault(step, {})
        if isinstance(last, Item):
            kept = [one for one in place if one.get(last.by) != last.value]
            place[:] = kept if change.after is None else [*kept, change.after]
        elif change.after is None:
            place.pop(last)
        else:
            place[last] = change.after
    return item


def settled(item: Any) -> Any:
    """Return a form in which the order of named things does not count, nor empty maps."""
    if isinstance(item, dict):
        inner = {key: settled(value) for key, value in item.items()}
        return {key: value for key, value in inner.items() if value not in ({}, None)}
    if isinstance(item, list):
        return sorted(
            (settled(one) for one in item), key=lambda one: json.dumps(one, sort_keys=True)
        )
    return item


def disagreements(before: dict[Key, Json], plan: Plan, after: dict[Key, Json]) -> list[str]:
    """Name every difference between what was planned and what was done."""
    found = []
    planned = {change.key: change for change in plan.changes}
    for key in {*before, *after, *planned}:
        change = planned.get(key)
        if change is not None and change.action == "delete":
            if key in after:
                found.append(f"{key} should be gone")
            continue
        if key not in after:
            found.append(f"{key} is not there")
            continue
        if key not in before:
            if change is None or change.action != "create":
                found.append(f"{key} was made unplanned")
            continue
        wanted = settled(carried_out(before[key], change.fields if change else ()))
        real = settled(after[key])
        scaled = any("autoscaler takes over" in text for text in plan.warnings)
        if key.kind == "Deployment" and scaled:
            assert wanted["spec"]["replicas"] == 1  # what Helm does; then the HPA comes
        if key.kind == "Deployment" and any(one.kind == "HorizontalPodAutoscaler" for one in after):
            del wanted["spec"]["replicas"], real["spec"]["replicas"]  # the HPA's, at its own time
        if UNKNOWN in repr(wanted):
            wanted, real = without_ports(wanted), without_ports(real)
        if wanted != real:
            found += [f"{key}: {line}" for line in told_apart(wanted, real)]
    return found


def told_apart(wanted: Any, real: Any, path: str = "") -> list[str]:
    """Name where two settled forms part."""
    if isinstance(wanted, dict) and isinstance(real, dict):
        names = {*wanted, *real}
        return [
            line
            for name in sorted(names)
            if wanted.get(name) != real.get(name)
            for line in told_apart(wanted.get(name), real.get(name), f"{path}.{name}")
        ]
    if isinstance(wanted, list) and isinstance(real, list):
        less = [one for one in wanted if one not in real]
        more = [one for one in real if one not in wanted]
        return [f"{path}: planned {less}, real {more}"]
    return [f"{path}: planned {wanted!r}, real {real!r}"]


def without_ports(item: Json) -> Json:
    assert all("nodePort" in port for port in item["spec"]["ports"]), item
    for port in item["spec"]["ports"]:
        del port["nodePort"]
    return item


def step(rig: Rig, values: Values) -> Plan:
    """Plan, apply by Helm, and hold one to the other; then nothing is left to do."""
    environment = rig.write(values)
    plan = compute(Site(environment))
    assert not plan.problems, plan.problems
    before = rig.live(plan)
    rig.apply()
    assert disagreements(before, plan, rig.live(plan)) == []
    return plan


@pytest.mark.timeout(900)  # a noisy machine; `make e2e` has its own budget
@pytest.mark.parametrize("half", ["first", "second"])
def test_named_changes_are_done_as_planned(rig: Rig, half: str) -> None:
    values = base(rig.namespace, rig.cluster.context)
    middle = len(CHANGES) // 2
    if half == "second":
        for _, change, _ in CHANGES[:middle]:
            values = laid_over(values, change)
    first = step(rig, values)
    assert first.revision == 0
    assert {change.action for change in first.changes} == {"create"}
    fields = 0
    steps = CHANGES[:middle] if half == "first" else CHANGES[middle:]
    for name, change, kind in steps:
        values = laid_over(values, change)
        plan = step(rig, values)
        touched = [one for one in plan.changes if one.key.kind == kind and one.action != "keep"]
        assert touched, f"{name}: the plan does not name {kind}"
        assert not plan.drift, f"{name}: {plan.drift}"
        fields += sum(len(one.fields) or 1 for one in plan.changes)
    print(f"{len(steps)} changes, {fields} fields, 0 differences between planned and applied")
    assert compute(Site(rig.write(values))).empty


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full)])
def test_random_changes_are_done_as_planned(rig: Rig, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same states each time
    fields = 0
    for _ in range(4):
        plan = step(rig, random_state(rig.namespace, rig.cluster.context, dice))
        fields += sum(len(one.fields) or 1 for one in plan.changes)
    print(f"4 random states, {fields} fields, 0 differences between planned and applied")


def test_the_comparison_sees_what_a_plan_leaves_out(rig: Rig) -> None:
    """The control: a plan without one of its fields, or of its objects, does not pass."""
    values = base(rig.namespace, rig.cluster.context)
    step(rig, values)
    plan = compute(Site(rig.write(laid_over(values, {"env": {"BETA": None}, "replicas": 3}))))
    before = rig.live(plan)
    rig.apply()
    after = rig.live(plan)
    assert disagreements(before, plan, after) == []
    (change,) = plan.changes
    for missing in change.fields:
        fields = tuple(one for one in change.fields if one is not missing)
        less = _replaced(plan, (_fields(change, fields),))
        assert disagreements(before, less, after), missing
    assert disagreements(before, _replaced(plan, ()), after)


def _replaced(plan: Plan, changes: tuple[Any, ...]) -> Plan:
    from dataclasses import replace

    return replace(plan, changes=changes)


def _fields(change: Any, fields: tuple[Change, ...]) -> Any:
    from dataclasses import replace

    return replace(change, fields=fields)
