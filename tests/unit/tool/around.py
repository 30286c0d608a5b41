"""Objects of a small release in order, for the tests to bend."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from morrow.kit.settings.loading import SettingProblem
from morrow.kit.settings.problem import bad_settings
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import Finding, View, view_of

PLACE = Place("test", "environments/test.yaml", "web", "demo", "lab")
LABELS = {"app.kubernetes.io/name": "web"}


def thing(kind: str, name: str, uid: str = "", **more: Any) -> Json:
    meta: Json = {
        "name": name,
        "namespace": "demo",
        "uid": uid or f"{kind}-{name}",
        "labels": LABELS,
    }
    meta |= {"creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1}
    return {"kind": kind, "metadata": {**meta, **more.pop("metadata", {})}, **more}


def owned_by(uid: str, **labels: str) -> Json:
    return {"ownerReferences": [{"uid": uid}], "labels": {**LABELS, **labels}}


def template(image: str = "shop:1", **labels: str) -> Json:
    container = {"name": "web", "image": image}
    return {"metadata": {"labels": {**LABELS, **labels}}, "spec": {"containers": [container]}}


def bad_line(*wrong: tuple[str, str]) -> str:
    """Return the line that the kit itself logs."""
    error = bad_settings([SettingProblem(name, "setting-invalid", said) for name, said in wrong])
    return json.dumps({"message": str(error), **error.fields})


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Json:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def pod(name: str = "web-1-a", node: str = "one", *, ready: bool = True, owner: str = "r1") -> Json:
    spec = {**template()["spec"], "nodeName": node}
    conditions = [condition("PodScheduled", "True"), condition("Ready", str(ready))]
    statuses = [{"name": "web", "ready": ready, "state": {"running": {}}, "restartCount": 0}]
    status = {"phase": "Running", "conditions": conditions, "containerStatuses": statuses}
    return thing("Pod", name, metadata=owned_by(owner), spec=spec, status=status)


def good(*more: Json) -> list[Json]:
    progress = condition("Progressing", "True", "NewReplicaSetAvailable")
    status = {"observedGeneration": 1, "conditions": [progress]}
    status |= dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1)
    spec = {"replicas": 1, "template": template()}
    hashed = {"replicas": 1, "template": template(**{"pod-template-hash": "1"})}
    return [
        thing("Deployment", "web", "d", spec=spec, status=status),
        thing("ReplicaSet", "web-1", "r1", metadata=owned_by("d"), spec=hashed, status={}),
        pod(),
        *more,
    ]


def seen(items: list[Json], **around: list[Json]) -> View:
    near = {kind: tuple(objects) for kind, objects in around.items()}
    return replace(view_of(items, "web"), around=near)


def clock(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[float]:
    """Give a module a time of its own, which passes while it sleeps."""
    now = [0.0]
    own = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    monkeypatch.setattr(module, "time", own)
    return now


def codes(view: View) -> list[str]:
    return [finding.problem.code for finding in diagnose(view, PLACE)]


def only(view: View) -> Finding:
    (finding,) = diagnose(view, PLACE)
    return finding


def bent(item: Json, change: Callable[[Json], None]) -> Json:
    other = copy.deepcopy(item)
    change(other)
    return other


# -- rollouts ----------------------------------------------------------------------------------
