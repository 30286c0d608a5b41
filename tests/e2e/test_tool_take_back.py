"""`target.takeBack`: what runs and does not serve users goes; without it, it stays (exit 3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_faults import env
from tests.e2e.tool_project import ToolProject, laid_over

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)
PROBES = {"probes": {"startup": {"path": "/x"}, "readiness": {"path": "/x"}}}
BROKEN: dict[str, Any] = {**env(STATUS="500"), **PROBES}
ASKED = {"target": {"takeBack": True}}


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def _told(project: ToolProject, path: str) -> str:
    return project.kubectl("get", "deployment", "web", "-o", f"jsonpath={path}")


def test_what_does_not_serve_is_taken_back(project: ToolProject) -> None:
    good = laid_over(project.simple(), ASKED)
    project.write(good)
    assert project.morrow("up", "test").code == 0
    variables = "{.spec.template.spec.containers[0].env[*].name}"
    before = _told(project, variables)
    project.write(laid_over(good, BROKEN))
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (1, "smoke-failed"), told
    assert "the release that served before serves again" in told.problem["details"], told
    assert _told(project, variables) == before
    # The control: the same release, where nobody asks for it.
    project.write(laid_over(good, {**BROKEN, "target": {"takeBack": False}}))
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (3, "smoke-failed"), told
    assert "STATUS" in _told(project, variables)


@pytest.mark.full
def test_a_first_release_that_does_not_serve_is_taken_away(project: ToolProject) -> None:
    project.write(laid_over(project.simple(), {**BROKEN, **ASKED}))
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (1, "smoke-failed"), told
    assert project.kubectl("get", "deployments", "-o", "name") == ""
