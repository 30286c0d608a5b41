"""`target.delivery: gitops` in a cluster: plan, up, drift, what is taken back, and that it stays.

The controller is a stand-in; Git, Helm and the cluster are not.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.git_controller import Controller
from tests.e2e.shop_in_git import ShopInGit
from tests.e2e.tool_project import CRASHES, ToolProject
from tests.unit.tool.git_server import NOBODYS, WHO, GitServer

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)
SYNCS = 5


@dataclass
class Shop(ShopInGit):
    """One that this test's own controller delivers."""

    controller: Controller


@pytest.fixture
def shop(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> Iterator[Shop]:
    project = ToolProject(tmp_path / "work", cluster, namespace, hello_image, {**WHO, **NOBODYS})
    shutil.copytree(ROOT / "chart", project.folder / "chart")
    (project.folder / "pyproject.toml").write_text("[tool.morrow]\n")
    server = GitServer(project.folder, tmp_path / "origin.git")
    server.send("The chart")
    controller = Controller(cluster, namespace, server.bare, tmp_path / "controller")
    with controller.running():
        yield Shop(project, server, controller)


@pytest.mark.full  # in every check the real Argo CD does it: test_argocd.py
def test_a_commit_a_drift_and_a_way_back_that_stays(shop: Shop) -> None:
    project, server, controller = shop.project, shop.server, shop.controller
    told = shop.up()
    assert told.code == 0, told
    assert server.log()[0] == "Deploy web to test"
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0
    assert shop.state() == "synced"
    good = shop.of("template.spec.containers[0].command")

    # What somebody changes by hand is shown while nobody undoes it, and undone by the controller.
    with controller.paused():
        project.kubectl("scale", "deployment/web", "--replicas=2")
        assert shop.state() == "drifted"
        (drift,) = project.morrow("plan", "test", "--json").answer["drift"]
        assert [one["field"] for one in drift["fields"]] == ["spec.replicas"], drift
    controller.wait(2)
    assert shop.state() == "synced"

    # A version that cannot start is named as ever, and taken back by a commit.
    told = shop.up(**CRASHES)
    assert told.code == 1, told
    assert told.problem["code"] == "crashed", told
    assert "the release that served before serves again" in told.problem["details"], told
    assert server.log()[0].startswith("Take web in test back to "), server.log()
    assert "SystemExit(3)" in server.git("show", "HEAD~1:environments/test.yaml")
    controller.wait(SYNCS)
    assert shop.of("template.spec.containers[0].command") == good
    assert shop.state() == "synced"


@pytest.mark.full
def test_a_refused_push_changes_nothing_and_a_rollback_stays(shop: Shop) -> None:
    project, server, controller = shop.project, shop.server, shop.controller
    assert shop.up().code == 0
    server.refuse()
    told = shop.up(replicas=2)
    assert (told.code, told.problem["code"]) == (1, "gitops-push-refused"), told
    controller.wait(2)
    assert shop.of("replicas") == "1"
    server.refuse(refuses=False)
    # What was reviewed is what is sent, and a file that changed since is not.
    plan = str(project.folder.parent / "test.plan")
    assert project.morrow("plan", "test", "--out", plan).code == 0
    project.write(shop.values(replicas=3))
    told = project.morrow("up", "test", "--plan", plan, "--json")
    assert (told.code, told.problem["code"]) == (2, "plan-stale"), told
    project.write(shop.values(replicas=2))
    told = project.morrow("up", "test", "--plan", plan, "--json")
    assert (told.code, shop.of("replicas")) == (0, "2"), told

    told = project.morrow("rollback", "test", "--json")
    assert told.code == 0, told
    assert "replicas: 1" in server.shown("environments/test.yaml")
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0, "files agree, too"
    controller.wait(SYNCS)
    assert shop.of("replicas") == "1"
    history = project.morrow("history", "test", "--json").answer["releases"]
    assert [one["state"] for one in history][-3:] == ["superseded", "failed", "deployed"]

    # The control: a controller that does nothing is named, and nothing is taken back.
    with controller.paused():
        told = shop.up("--timeout", "4", replicas=2)
        assert (told.code, told.problem["code"]) == (1, "gitops-not-synced"), told
        assert shop.of("replicas") == "1"
    told = shop.up(replicas=2)
    assert (told.code, shop.of("replicas")) == (0, "2"), told
