"""`morrow up` killed at any step leaves nothing that the next `morrow up` cannot finish."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_project import ToolProject, kill

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)

# The commands of one `up`, by their number; the last ones are the question to the service.
EVERY = range(1, 22)
IN_CI = (7, 15)


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def _killed_at(project: ToolProject, step: int) -> str:
    """Kill `up` as it begins its command number `step`; return that command, "" when it ended."""
    child = project.start("up", "test", "--show-commands")
    assert child.stdout is not None
    seen = 0
    for line in child.stdout:
        seen += line.startswith("$ ")
        if seen == step:
            kill(child)
            return line.strip()
    child.wait(10)
    return ""


def _converges(project: ToolProject, step: int, values: dict[str, object]) -> None:
    project.write(project.simple(**values))
    command = _killed_at(project, step)
    print(f"killed at step {step}: {command or 'it had ended'}")
    told = project.morrow("up", "test", "--json")
    assert told.code == 0, told
    assert told.answer["state"] == "serving", told
    assert told.answer["release_state"] == "deployed", told


def test_a_killed_first_up_is_finished_by_the_next(project: ToolProject) -> None:
    _converges(project, 11, {"secrets": {"keys": ["TOKEN"]}})


@pytest.mark.parametrize(
    "step", [pytest.param(n, marks=[] if n in IN_CI else pytest.mark.full) for n in EVERY]
)
def test_a_killed_change_is_finished_by_the_next(project: ToolProject, step: int) -> None:
    project.write(project.simple())
    assert project.morrow("up", "test").code == 0
    _converges(project, step, {"config": {"STEP": str(step)}, "secrets": {"keys": ["TOKEN"]}})
