"""Every fault of the catalogue is named: right code, right object, a fix that works."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.tool_faults import FAULTS, Fault
from tests.e2e.tool_project import ToolProject, laid_over
from tests.unit.tool.command import MORROW

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)
UP = "morrow up test"


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, cluster, namespace, hello_image)


def _cases() -> list[object]:
    return [
        pytest.param(
            fault, id=fault.name.replace(" ", "-"), marks=[] if fault.ci else pytest.mark.full
        )
        for fault in FAULTS
    ]


@pytest.mark.parametrize("fault", _cases())
def test_a_fault_is_named_and_its_mend_works(fault: Fault, project: ToolProject) -> None:
    good = project.hello() if fault.kit else project.simple()
    if fault.over:
        project.write(good)
        assert project.morrow("up", "test").code == 0
        serving = project.ready_pods()
    text = json.dumps(_bent(good, fault))
    project.write(json.loads(project.filled(text).replace("SERVER", _server(project))))
    fault.before(project)

    confirm = ["--confirm", "test"] if fault.confirm else []
    told = project.morrow("up", "test", "--json", *confirm)

    print(f"{fault.name}: {told.problem['code']} after {told.seconds:.0f} s")
    assert told.code == fault.exit, told
    assert told.problem["code"] == fault.code, told
    assert re.search(fault.object, told.problem["object"]), told
    assert re.search(fault.cause, told.problem["cause"], re.DOTALL), told
    assert not re.search("timed out|condition", f"{told.problem['cause']}"), told
    assert told.problem["fix"], told
    if fault.over:
        assert serving <= project.ready_pods(), "the old release does not serve"
        if fault.exit == 1:
            assert "the release that served before serves again" in told.problem["details"], told
    fix = told.problem["fix"]
    for file in re.findall(r"environments/\S+?\.yaml", fix):
        assert (project.folder / file).is_file(), fix
    fault.meanwhile(project)
    for command in commands(fix):
        if command != UP:
            _type(project, command, fault.stdin)
    fault.after(project)
    if not fault.typed:
        project.write(good)
    if fault.code != "confirm-needed":  # there the fix was the deploy itself
        _type(project, UP)


def commands(fix: str) -> list[str]:
    """Return what can be typed of a fix, in its order."""
    return re.findall(r"\b(?:kubectl|morrow) .+?(?=; |, then\b|, or |$)", fix)


def _bent(good: dict[str, Any], fault: Fault) -> dict[str, Any]:
    bent = laid_over(good, fault.values)
    if fault.kit:
        bent["config"] = fault.values["config"]  # what is missing must be missing
    return bent


def _server(project: ToolProject) -> str:
    path = "jsonpath={.clusters[0].cluster.server}"
    return project.cluster.kubectl("config", "view", "--minify", "-o", path)


def _type(project: ToolProject, command: str, stdin: str = "") -> None:
    """Run a command as a person types it, who puts a file for PATH."""
    # Whoever works with two clusters must not land in the other one.
    asks = f"--context {project.cluster.context} "
    assert not command.startswith("kubectl") or asks in command or "get-contexts" in command
    (project.folder / "PATH").write_text("a-value")
    python, *rest = MORROW
    script = f'morrow() {{ {python} {rest[0]} "{rest[1]}" "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-euc", script],
        input=stdin,
        capture_output=True,
        text=True,
        env=project.environment(),
        cwd=project.folder,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
