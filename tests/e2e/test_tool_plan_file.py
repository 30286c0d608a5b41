"""A plan's file binds: `up --plan` applies exactly it, or names what changed since."""

from __future__ import annotations

import base64
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from morrow.tool.base.errors import Failure
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.plan.compute import compute
from morrow.tool.plan.file import Bound, open_plan, write
from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.plan_changes import base, laid_over
from tests.e2e.test_tool_plan import Rig, rig
from tests.e2e.tool_project import ToolProject, tool_of
from tests.terraform.fixtures import provider
from tests.terraform.lab_project import LabProject, project

CANARY = "canary-9e21-never-shown"

__all__ = ["project", "provider", "rig"]  # fixtures


def load_and_check(project: Project, label: str, file: Path) -> Bound:
    """Open a plan that must still hold."""
    bound = open_plan(project, label, file)
    bound.require()
    return bound


def refused(rig: Rig, file: Path) -> tuple[str, str]:
    """Return code and text of the refusal."""
    with pytest.raises(Failure) as caught:
        load_and_check(Project.find(rig.folder), "test", file)
    assert caught.value.exit_code == 2
    (problem,) = caught.value.problems
    return problem.code, " ".join([problem.cause, *problem.details])


def test_a_plan_that_does_not_hold_any_more_is_refused_by_name(rig: Rig, tmp_path: Path) -> None:
    values = base(rig.namespace, rig.cluster.context)
    rig.write(values)
    rig.apply()
    file = tmp_path / "test.plan"
    write(compute(Site(rig.write(laid_over(values, {"env": {"BETA": "planned"}})))), file)
    project = Project.find(rig.folder)

    # The files may change: the plan's own copies count.
    rig.write(laid_over(values, {"env": {"BETA": "later"}}))
    bound = load_and_check(project, "test", file)
    assert bound.environment.values["env"]["BETA"] == "planned"
    assert bound.environment.project.chart != project.chart
    assert (bound.environment.project.chart / "Chart.yaml").is_file()

    # What counts is what the plan was computed from.
    rig.kubectl.check("set", "env", "deployment/web", "-c", "web", "ALPHA=hand")
    code, text = refused(rig, file)
    assert code == "plan-stale"
    assert 'env[ALPHA].value: "1" -> "hand"' in text
    rig.kubectl.check("set", "env", "deployment/web", "-c", "web", "ALPHA=1")
    rig.kubectl.check("delete", "configmap", "notes")
    assert "configmap/notes was removed" in refused(rig, file)[1]
    rig.apply()
    assert "over release 1; now 2 is deployed" in refused(rig, file)[1]


def test_a_damaged_or_foreign_plan_is_refused(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "test.plan"
    write(compute(Site(rig.write(base(rig.namespace, rig.cluster.context)))), file)
    assert load_and_check(Project.find(rig.folder), "test", file)  # the control
    whole = file.read_bytes()
    file.write_bytes(whole[:-200])
    assert refused(rig, file)[0] == "plan-unreadable"
    file.write_text("no archive")
    assert refused(rig, file)[0] == "plan-unreadable"
    file.write_bytes(whole)
    with tarfile.open(file) as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    members["environments/test.yaml"] += b"# a word more\n"
    with tarfile.open(file, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    assert refused(rig, file) == (
        "plan-unreadable",
        "environments/test.yaml inside is damaged",
    )


def test_the_command_plans_writes_applies_and_says_by_exit_code(
    cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path
) -> None:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    project.write(project.simple(config={"LEVEL": "one"}, secrets={"keys": ["TOKEN"]}))
    first = project.morrow("plan", "test", "--detailed-exitcode", "--out", "first.plan")
    assert first.code == 2, first
    assert "+ deployment/web  create" in first.out
    assert "Secret web-1 will be made" in first.out
    assert max(map(len, first.out.splitlines())) <= 80, first.out
    project.write(project.simple(config={"LEVEL": "two"}, secrets={"keys": ["TOKEN"]}))
    up = project.morrow("up", "test", "--plan", "first.plan")
    assert up.code == 0, up
    done = project.morrow("plan", "test", "--json", "--detailed-exitcode", "--out", "done.plan")
    assert done.code == 2
    assert done.answer["config"] == [{"field": "config.LEVEL", "before": "one", "after": "two"}]
    assert done.answer["restarts"] == ["deployment/web"]
    stale = project.morrow("up", "test", "--plan", "first.plan", "--json")
    assert stale.code == 2, stale
    assert stale.problem["code"] == "plan-stale"
    secret = json.loads(project.kubectl("get", "secret", "web-1", "-o", "json"))
    encoded = secret["data"]["TOKEN"]
    with tarfile.open(tmp_path / "done.plan") as archive:
        held = b"".join(archive.extractfile(one).read() for one in archive)  # type: ignore[union-attr]
    told = first.out + done.out + held.decode()
    assert "LEVEL: two" in told, "the control: what the files say is in the plan"
    assert encoded not in told
    assert base64.b64decode(encoded).decode() not in told
    project.write(project.simple(config={"LEVEL": "one"}, secrets={"keys": ["TOKEN"]}))
    empty = project.morrow("plan", "test", "--detailed-exitcode")
    assert (empty.code, empty.out.splitlines()[-1]) == (
        0,
        "nothing to do: files, release and cluster agree",
    ), empty


def test_a_plan_is_refused_when_the_secret_or_the_chart_is_another_one(
    cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path
) -> None:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    shutil.copytree(ROOT / "chart", tmp_path / "chart")
    (tmp_path / "pyproject.toml").write_text("[tool.morrow]\n")
    foreign = {"provider": "existing", "name": "theirs", "keys": ["TOKEN"]}
    project.kubectl("create", "secret", "generic", "theirs", f"--from-literal=TOKEN={CANARY}")
    project.write(project.simple(config={"LEVEL": "one"}, secrets=foreign))
    assert project.morrow("plan", "test", "--out", "first.plan").code == 0
    with tarfile.open(tmp_path / "first.plan") as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert "theirs" in _written(tmp_path / "unpacked")  # the control
    assert CANARY not in _written(tmp_path / "unpacked")

    project.kubectl("patch", "secret", "theirs", "-p", '{"stringData": {"TOKEN": "another"}}')
    told = project.morrow("up", "test", "--plan", "first.plan", "--json")
    assert (told.code, told.problem["code"]) == (2, "plan-stale"), told
    assert told.problem["cause"] == "the Secret theirs was changed"
    assert told.problem["fix"] == "morrow plan test --out first.plan"
    assert "another" not in told.out + told.err

    # Chart and values may change: the plan holds the ones that it was made from.
    assert project.morrow("plan", "test", "--out", "second.plan").code == 0
    template = tmp_path / "chart" / "templates" / "deployment.yaml"
    template.write_text(template.read_text().replace("replicas:", "paused: true\n  replicas:", 1))
    project.write(project.simple(config={"LEVEL": "two"}, secrets=foreign))
    up = project.morrow("up", "test", "--plan", "second.plan")
    assert up.code == 0, up
    deployment = json.loads(project.kubectl("get", "deployment", "web", "-o", "json"))
    assert "paused" not in deployment["spec"]
    left = project.morrow("plan", "test", "--json")
    assert left.answer["config"] == [{"field": "config.LEVEL", "before": "one", "after": "two"}]
    (changed,) = [one for one in left.answer["changes"] if one["kind"] == "Deployment"]
    assert "spec.paused" in {one["field"] for one in changed["fields"]}  # the control

    project.kubectl("delete", "secret", "theirs")
    gone = project.morrow("up", "test", "--plan", "second.plan", "--json")
    assert (gone.code, gone.problem["code"]) == (2, "secret-incomplete"), gone


def test_a_hook_that_runs_is_named_and_runs(
    cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path
) -> None:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    task = {"kind": "job", "command": ["/usr/bin/python3", "-c", "pass"]}
    project.write(project.simple(processes={"job": task}))
    plan = project.morrow("plan", "test", "--json")
    assert plan.answer["hooks"] == ["job/web-job (pre-install,pre-upgrade)"]
    up = project.morrow("up", "test")
    assert up.code == 0, up
    job = json.loads(project.kubectl("get", "job", "web-job", "-o", "json"))
    assert job["status"]["succeeded"] == 1


@pytest.mark.timeout(900)
def test_terraforms_plan_is_joined_and_bound(project: LabProject) -> None:
    (project.folder / "pyproject.toml").write_text("[tool.morrow]\n")
    tool = tool_of(project)
    project.describe(config={"LOG_LEVEL": "INFO"})
    first = tool.morrow("plan", "dev", "--json", "--detailed-exitcode", "--out", "first.plan")
    assert first.code == 2, first
    (release,) = first.answer["terraform"]["changes"]
    assert (release["address"], release["action"]) == ("module.service.helm_release.this", "create")
    assert "deployment/hello" in _named(first.answer)

    # Terraform reads chart and values again when it applies: they must be as planned.
    project.describe(config={"LOG_LEVEL": "DEBUG"})
    changed = tool.morrow("up", "dev", "--plan", "first.plan", "--json")
    assert (changed.code, changed.problem["code"]) == (2, "plan-stale"), changed
    assert "environments/dev.yaml changed" in changed.problem["cause"]
    project.describe(config={"LOG_LEVEL": "INFO"})
    up = tool.morrow("up", "dev", "--plan", "first.plan")
    assert up.code == 0, up
    empty = tool.morrow("plan", "dev", "--json", "--detailed-exitcode")
    assert empty.code == 0, empty
    assert empty.answer["terraform"]["empty"]

    project.describe(config={"LOG_LEVEL": "DEBUG"})
    second = tool.morrow("plan", "dev", "--json")
    (release,) = second.answer["terraform"]["changes"]
    assert release["action"] == "update"
    assert _named(second.answer) >= {"deployment/hello"}
    assert second.answer["config"][0]["field"] == "config.LOG_LEVEL"


def _written(folder: Path) -> str:
    return "".join(file.read_text() for file in folder.rglob("*") if file.is_file())


def _named(answer: dict[str, Any]) -> set[str]:
    return {f"{one['kind'].lower()}/{one['name']}" for one in answer["changes"]}
