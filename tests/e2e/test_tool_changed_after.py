"""A release that was good and was changed by hand: `status`, `doctor` and `verify` all say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image, eventually
from tests.e2e.faults_processes import RESTS, STATEFUL, process
from tests.e2e.tool_faults import Values
from tests.e2e.tool_project import Told, ToolProject

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Changed:
    """What somebody does to a good release, and what must be said of it."""

    name: str
    code: str
    object: str
    change: Callable[[ToolProject], None]
    values: Values = field(default_factory=dict)
    ci: bool = False


def secret_gone(project: ToolProject) -> None:
    """Take away what the running pods were started with."""
    project.kubectl("delete", "secret", "-l", "app.kubernetes.io/name=web")


def paused(project: ToolProject) -> None:
    """Let the pods run something else than the template says."""
    project.kubectl("rollout", "pause", "deployment/web")
    project.kubectl("set", "env", "deployment/web", "A=new")


CHANGED = (
    Changed("Secret is gone", "secret-missing", "Deployment web", secret_gone,
            {"secrets": {"keys": ["TOKEN"]}}),
    Changed("paused", "rollout-paused", "Deployment web", paused, ci=True),
)  # fmt: skip


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def up(project: ToolProject, values: Values) -> None:
    project.write(project.simple(**values))
    told = project.morrow("up", "test", "--json")
    assert told.code == 0, told


def asked(project: ToolProject) -> tuple[Told, Told, Told]:
    status, doctor, verify = (project.morrow(verb, "test", "--json")
                              for verb in ("status", "doctor", "verify"))  # fmt: skip
    return status, doctor, verify


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(one, id=one.name.replace(" ", "-"), marks=[] if one.ci else pytest.mark.full)
        for one in CHANGED
    ],
)
def test_what_was_changed_by_hand_is_said_by_all(changed: Changed, project: ToolProject) -> None:
    up(project, changed.values)
    changed.change(project)

    def named() -> bool:
        problems = project.morrow("status", "test", "--json").problems
        return (changed.code, changed.object) in [(one["code"], one["object"]) for one in problems]

    eventually(f"status names {changed.code}", named, within=30, every=2)
    _, doctor, verify = asked(project)
    failed = [one["problem"]["code"] for one in doctor.answer["checks"] if one["state"] == "fail"]
    assert changed.code in failed, doctor
    assert verify.code == 1, verify
    broken = [one["found"] for one in verify.answer["promises"] if not one["ok"]]
    assert any(changed.code in found for found in broken), verify


@pytest.mark.parametrize(
    ("values", "promises"),
    [
        ({**STATEFUL, **process("worker", RESTS)}, ("every pod is", "every pod of web-tick is")),
        ({**process("worker", RESTS), "web": {"enabled": False}}, ("every pod of web-tick is",)),
    ],
    ids=["a-StatefulSet-and-a-worker", "a-worker-alone"],
)
def test_the_control_a_good_release_of_each_kind(
    values: Values, promises: tuple[str, ...], project: ToolProject
) -> None:
    up(project, values)
    status, doctor, verify = asked(project)
    assert (status.code, doctor.code, verify.code) == (0, 0, 0), (status, doctor, verify)
    said = [one["promise"] for one in verify.answer["promises"]]
    for promise in promises:
        assert any(one.startswith(promise) for one in said), said
    if "web" in values:
        load = project.morrow("verify", "test", "--load", "10", "--json")
        assert (load.code, load.problem["code"]) == (2, "verify-no-requests"), load
