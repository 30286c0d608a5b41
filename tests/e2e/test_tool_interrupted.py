"""`morrow up` killed at any step leaves nothing that the next `morrow up` cannot finish."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_project import ToolProject, end, tool_of
from tests.terraform.fixtures import provider
from tests.terraform.lab_project import LabProject, project

__all__ = ["project", "provider"]  # fixtures

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)

# The programs that one `up` runs, by their number; the last ones ask the service.
BY_HELM, BY_HELM_IN_CI = range(1, 18), (10,)
BY_TERRAFORM, BY_TERRAFORM_IN_CI = range(1, 18), (9,)


def _steps(every: range, in_ci: tuple[int, ...]) -> list[Any]:
    return [pytest.param(n, marks=[] if n in in_ci else pytest.mark.full) for n in every]


@pytest.fixture
def by_helm(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


@pytest.fixture
def by_terraform(project: LabProject) -> LabProject:
    """The project with everything in the usual places, and no declaration of settings."""
    (project.folder / "pyproject.toml").write_text("[tool.morrow]\n")
    return project


def _converges(tool: ToolProject, label: str, step: int) -> None:
    """Kill `up` at the step; the next one finishes what it began."""
    command, running = tool.killed_at(step, "up", label)
    print(f"killed at step {step}: {command or 'it had ended'}")
    assert command or step > 10, "an `up` has more programs than that"
    told = tool.morrow("up", label, "--json")
    for program in running:
        end(program)
    assert told.code == 0, told
    assert told.answer["state"] == "serving", told
    assert told.answer["release_state"] == "deployed", told


def test_a_killed_first_up_is_finished_by_the_next(by_helm: ToolProject) -> None:
    by_helm.write(by_helm.simple(secrets={"keys": ["TOKEN"]}))
    _converges(by_helm, "test", 8)


@pytest.mark.parametrize("step", _steps(BY_HELM, BY_HELM_IN_CI))
def test_a_killed_change_is_finished_by_the_next(by_helm: ToolProject, step: int) -> None:
    by_helm.write(by_helm.simple())
    assert by_helm.morrow("up", "test").code == 0
    by_helm.write(by_helm.simple(config={"STEP": str(step)}, secrets={"keys": ["TOKEN"]}))
    _converges(by_helm, "test", step)


@pytest.mark.parametrize("step", _steps(BY_TERRAFORM, BY_TERRAFORM_IN_CI))
def test_a_killed_change_by_terraform_is_finished_by_the_next(
    by_terraform: LabProject, step: int
) -> None:
    tool = tool_of(by_terraform)
    by_terraform.describe(config={"LOG_LEVEL": "INFO"})
    assert tool.morrow("up", "dev").code == 0
    by_terraform.describe(config={"LOG_LEVEL": "DEBUG"})
    _converges(tool, "dev", step)
    assert tool.morrow("plan", "dev", "--detailed-exitcode").code == 0, "state and cluster agree"
