"""The tool with `delivery: terraform`: cluster and Terraform's state agree at every step."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from typing import Any

import pytest
import yaml

from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import left_behind
from morrow.tool.programs.terraform import Terraform
from tests.e2e.tool_project import SERVICE, recording
from tests.terraform.fixtures import provider, release_of
from tests.terraform.lab_project import CANARY, LabProject, project
from tests.unit.tool.command import MORROW

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)

__all__ = ["project", "provider"]


def _morrow(project: LabProject, *words: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [*MORROW, *words, "--json"],
        capture_output=True,
        text=True,
        cwd=project.folder,
        env={**os.environ, **project.variables},
        timeout=240,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _good(project: LabProject, *words: str) -> dict[str, Any]:
    code, answer = _morrow(project, *words)
    assert code == 0, answer
    return answer


@pytest.fixture
def described(project: LabProject) -> LabProject:
    """The project with everything in the usual places, and no declaration of settings."""
    (project.folder / "pyproject.toml").write_text("[tool.morrow]\n")
    project.describe(config={"LOG_LEVEL": "INFO"})
    return project


def test_up_rolls_back_and_goes_down_by_terraform(
    described: LabProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = described
    # The provider would take it instead of the kubeconfig that it is given.
    monkeypatch.setenv("KUBE_CONFIG_PATHS", "/nowhere")
    arguments = project.folder / "arguments"
    programs = ("terraform", "kubectl", "helm")
    project.variables.update(recording(arguments, os.environ["PATH"], *programs))
    first = _good(project, "up", "dev")
    assert first["state"] == "serving"
    assert "1 to add" in project.ok("plan", "-input=false"), "the control: plain Terraform takes it"
    project.describe(config={"LOG_LEVEL": "DEBUG"})
    second = _good(project, "up", "dev")
    assert second["config"] != first["config"]

    back = _good(project, "rollback", "dev")
    assert back["config"] == first["config"]
    assert _good(project, "status", "dev")["config"] == first["config"]
    assert left_behind(Site(project.environment())) == [], "the state knows the release"
    planned = Terraform.of(project.environment()).plan()
    release = release_of(planned)
    assert release.action == "update", "the files would bring the left version back"
    values = [field for field in release.fields if field.name.startswith("values")]
    assert "DEBUG" in yaml.safe_dump([field.after for field in values])

    _good(project, "down", "dev")
    assert project.history() == []
    held = project.cluster.get("secret", "hello-1", "-n", project.namespace)["data"]["DB_PASSWORD"]
    assert base64.b64decode(held).decode() == CANARY, "the control: this is what to look for"
    files = [file for file in project.folder.rglob("*") if file.is_file()]
    assert " apply " in arguments.read_text()
    assert arguments in files
    shown = {f.name for f in files for s in (CANARY, held) if s.encode() in f.read_bytes()}
    assert shown == {"secrets.env"}, "the file that the test itself wrote"


@pytest.mark.full  # Terraform waits for the module's whole timeout before it rolls back
def test_a_failed_up_by_terraform_names_the_cause(described: LabProject) -> None:
    project = described
    first = _good(project, "up", "dev")
    project.describe(config={"LOG_LEVEL": "INFO"}, command=["/nosuchprogram"])

    code, told = _morrow(project, "up", "dev")

    assert code == 1, told
    assert told["problems"][0]["code"] == "command-not-found", told
    assert "serves again" in told["problems"][0]["details"][-1]
    after = _good(project, "status", "dev")
    assert (after["state"], after["config"]) == ("serving", first["config"])


def test_what_does_not_last_is_taken_back_by_terraform(described: LabProject) -> None:
    """The pods are ready, so Terraform is content; they die before they have stayed ready."""
    project = described
    first = _good(project, "up", "dev")
    project.describe(
        config={"LOG_LEVEL": "INFO"},
        command=["/usr/bin/python3", "-c", SERVICE],
        env={"LASTS": "6", "LISTEN": "8081"},
        rollout={"minReadySeconds": 15},
    )

    code, told = _morrow(project, "up", "dev")

    assert code == 1, told
    assert told["problems"][0]["code"] == "crashed", told
    assert told["problems"][0]["details"][-1] == "the release that served before serves again"
    after = _good(project, "status", "dev")
    assert (after["state"], after["config"]) == ("serving", first["config"])
    assert left_behind(Site(project.environment())) == [], "the state knows the release"
    statuses = [release["status"] for release in project.history()]
    assert statuses == ["superseded", "superseded", "deployed"], "Terraform had been content"
