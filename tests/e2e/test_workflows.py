"""The workflows that others call, step by step in a shell, against the cluster."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.tool_project import ToolProject
from tests.e2e.workflow import Done
from tests.e2e.workflow_project import LEFT_OUT, PYPROJECT, callers_project, workflow
from tests.serving import serving

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def project(cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path) -> ToolProject:
    return callers_project(cluster, namespace, hello_image, tmp_path)


class Identity(BaseHTTPRequestHandler):
    """A stand-in for the service that says who a job is."""

    def do_GET(self) -> None:
        good = self.headers["Authorization"] == "bearer asked" and "sts.amazonaws" in self.path
        self.send_response(200 if good else 401)
        self.end_headers()
        self.wfile.write(b'{"value": "who-i-am"}')


def deploy(project: ToolProject, **inputs: str) -> list[Done]:
    """Plan, then apply where the plan says so."""
    run = workflow(project, "deploy", **inputs)
    planned = run.job("plan", LEFT_OUT)
    assert [one.code for one in planned] == [0] * len(planned), planned
    run.known["needs"] = {"plan": run.known["steps"]["plan"]}
    return planned + run.job("apply", LEFT_OUT)


def test_deploy_applies_what_was_planned_and_goes_back_when_a_promise_breaks(
    project: ToolProject,
) -> None:
    project.write(project.simple(config={"LEVEL": "one"}))
    with serving(Identity) as place:
        project.variables |= {
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "asked",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://{place}/?a=b",
        }
        done = deploy(project, aws_role="arn:aws:iam::111122223333:role/deploy", load="20")
    assert [one.code for one in done] == [0] * 7, done
    names = ["log in", "take the role", "plan"]
    assert [one.name for one in done] == [*names, *names[:2], "apply", "prove, or go back"]
    assert (project.folder / "token").read_text() == "who-i-am\n"
    for secret in ("token", "kubeconfig"):
        assert (project.folder / secret).stat().st_mode & 0o077 == 0
    assert "promises kept" in done[-1].told
    assert [one.name for one in deploy(project)] == ["log in", "plan"], "nothing to do"

    run = workflow(project, "deploy", "pull_request")
    run.known["github"] = {"event": {"pull_request": {"number": "5"}}}
    project.write(project.simple(config={"LEVEL": "two"}))
    done = run.job("plan", LEFT_OUT)
    assert [one.code for one in done] == [0, 0, 0], done
    assert "LEVEL" in (project.folder / "comment.md").read_text()
    assert (project.folder / "gh.txt").read_text().startswith("pr comment 5 ")
    run.known["needs"] = {"plan": run.known["steps"]["plan"]}
    assert run.job("apply", LEFT_OUT) == [], "a pull request changes nothing"

    (project.folder / "pyproject.toml").write_text(PYPROJECT.replace("TEXT", "never said"))
    done = deploy(project)
    assert (done[-1].name, done[-1].code) == ("prove, or go back", 1), done
    assert "broken: " in done[-1].told
    container = project.cluster.get("deployment", "web", "-n", project.namespace)
    env = container["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "LEVEL", "value": "one"} in env, "the release before serves"


@pytest.mark.full
def test_drift_keeps_one_issue_open_while_files_and_cluster_differ(project: ToolProject) -> None:
    told = project.folder / "gh.txt"
    project.write(project.simple(config={"LEVEL": "one"}))
    assert project.morrow("up", "test").code == 0

    def night() -> tuple[int, list[str]]:
        told.write_text("")
        done = workflow(project, "drift").job("look", LEFT_OUT)
        asked = [" ".join(line.split()[:2]) for line in told.read_text().splitlines()]
        return done[-1].code, asked

    assert night() == (0, ["issue list"])
    project.write(project.simple(config={"LEVEL": "two"}))
    assert night() == (0, ["issue list", "issue create"])
    assert night() == (0, ["issue list", "issue comment"])
    project.write(project.simple(config={"LEVEL": "one"}))
    assert night() == (0, ["issue list", "issue close"])
    project.write({"environment": "test"})
    code, asked = night()
    assert code not in (0, 2), "who could not look has not found nothing"
    assert "issue close" not in asked


@pytest.mark.parametrize("name", ["deploy", "drift", "image", "release", "rotate"])
def test_each_step_is_run_here_or_left_out_with_a_reason(name: str) -> None:
    told = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    assert told["permissions"] == {}
    assert told["concurrency"]["cancel-in-progress"] is False
    for job in told["jobs"].values():
        for step in job["steps"]:
            used = step.get("uses", "")
            assert not used or len(used.partition("@")[2]) == 40, used
            assert "run" in step or used.partition("@")[0] in LEFT_OUT, step
            assert "${{" not in step.get("run", ""), "what others write never becomes a command"
