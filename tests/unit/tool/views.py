"""Views of a cluster: what a real one said, and what is bent from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import Finding, View, view_of

RECORDED = Path(__file__).parent / "recorded"
PLACE = Place(
    "test",
    "environments/test.yaml",
    "web",
    "demo",
    "lab",
    secret="web-1",
    secret_keys=("SECRET_KEY", "DB_PASSWORD"),
)
Json = dict[str, Any]


def recorded(name: str) -> View:
    return view_of(json.loads((RECORDED / f"{name}.json").read_text()), "web")


def names() -> list[str]:
    return sorted(file.stem for file in RECORDED.glob("*.json"))


def bent(
    state: Json | None = None,
    last: Json | None = None,
    *,
    events: tuple[tuple[str, str], ...] = (),
    conditions: tuple[Json, ...] = (),
    restarts: int = 0,
    pod: Json | None = None,
    container: Json | None = None,
    volumes: tuple[Json, ...] = (),
) -> View:
    """One new pod in the state given."""
    status: Json = {"name": "web", "ready": False, "restartCount": restarts}
    status |= {"state": state or {}, "lastState": last or {}}
    made: Json = {
        "kind": "Pod",
        "metadata": {"name": "web-1-abcde", "uid": "p", "ownerReferences": [{"uid": "r"}]},
        "spec": {
            "containers": [{"name": "web", "image": "ghcr.io/x/y:1", **(container or {})}],
            "volumes": list(volumes),
        },
        "status": {"containerStatuses": [status], "conditions": list(conditions), **(pod or {})},
    }
    told = [
        {
            "kind": "Event",
            "metadata": {},
            "involvedObject": {"uid": "p"},
            "reason": reason,
            "message": message,
            "type": "Warning",
        }
        for reason, message in events
    ]
    deployment = {
        "kind": "Deployment",
        "metadata": {"name": "web", "uid": "d", "generation": 1},
        "status": {"observedGeneration": 1},
    }
    replicaset = {
        "kind": "ReplicaSet",
        "metadata": {"name": "web-1", "uid": "r", "ownerReferences": [{"uid": "d"}]},
        "spec": {"replicas": 1},
        "status": {"replicas": 0},
    }
    return view_of([deployment, replicaset, made, *told], "web")


def first(view: View) -> Finding:
    return diagnose(view, PLACE)[0]


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def ended(code: int, reason: str = "Error", message: str = "") -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


BACKS_OFF = waiting("CrashLoopBackOff")


def missing(what: str) -> View:
    return bent(waiting("CreateContainerConfigError", what))


def mounts(what: str) -> View:
    return bent(waiting("ContainerCreating"), events=(("FailedMount", what),))


def refused(message: str) -> View:
    view = bent()
    event = {"involvedObject": {"uid": "r"}, "reason": "FailedCreate", "message": message}
    return View(view.deployment, view.replicasets, (), (), (event,))
