"""`target.delivery: gitops` with the real Argo CD and the objects of `gitops/argocd`.

What a stand-in for a controller shows in `test_tool_gitops.py` is shown again here by the real one.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.argocd import Argo, argo
from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.shop_in_git import ShopInGit
from tests.e2e.tool_project import CRASHES, ToolProject
from tests.unit.tool.git_server import NOBODYS, WHO

pytestmark = [pytest.mark.timeout(900), needs_lab("has an Argo CD beside it")]
SYNCS = 5
KEPT = 10  # old ReplicaSets: Kubernetes' own number
FAILS = {"kind": "job", "command": ["/usr/bin/python3", "-c", "raise SystemExit(4)"], "retries": 0}
PASSES = {**FAILS, "command": ["/usr/bin/python3", "-c", "pass"]}
HANGS = "import time; time.sleep(900)"
LEVEL = "import os; print(os.environ['LEVEL'])"


@dataclass
class Shop(ShopInGit):
    """One that Argo CD delivers."""

    argo: Argo

    def command(self) -> str:
        return self.of("template.spec.containers[0].command")

    def replicasets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.project.kubectl("get", "rs", "-o", "json"))[
            "items"
        ]
        return found


@pytest.fixture
def shop(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> Iterator[Shop]:
    work = tmp_path / "work"
    project = ToolProject(work, cluster, namespace, hello_image, {**WHO, **NOBODYS})
    shutil.copytree(ROOT / "chart", work / "chart")
    (work / "pyproject.toml").write_text("[tool.morrow]\n")
    with argo(cluster, work, namespace) as (made, server):
        server.send("The chart")
        made.add(made.application("test", namespace, "web"))
        yield Shop(project, server, made)


def test_a_commit_a_drift_and_a_way_back_that_stays(shop: Shop) -> None:
    project, server = shop.project, shop.server
    told = shop.up()
    assert told.code == 0, told
    assert server.log()[0] == "Deploy web to test"
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0
    assert shop.state() == "synced"
    eventually("all is well", lambda: shop.argo.at(server.git("rev-parse", "HEAD")), within=60)
    told = project.morrow("verify", "test", "--json")
    assert told.code == 0, told
    good = shop.command()

    # What somebody changes by hand is undone.
    project.kubectl("scale", "deployment/web", "--replicas=2")
    eventually("it heals itself", lambda: shop.of("replicas") == "1", within=60)
    assert shop.state() == "synced"

    # A version that cannot start is named as ever, and taken back by a commit.
    told = shop.up(**CRASHES)
    assert (told.code, told.problem["code"]) == (1, "crashed"), told
    assert "the release that served before serves again" in told.problem["details"], told
    assert server.log()[0].startswith("Take web in test back to "), server.log()
    for _ in range(SYNCS):
        shop.argo.sync()
        assert shop.command() == good
    assert shop.state() == "synced"

    # A way back by hand, timed: the fastest look of Argo CD's is asked for.
    assert shop.up(replicas=2).code == 0
    told = project.morrow("rollback", "test", "--json")
    assert told.code == 0, told
    assert told.seconds <= 60, told
    for _ in range(SYNCS):
        shop.argo.sync()
        assert shop.of("replicas") == "1"
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 0, "files agree, too"


@pytest.mark.full
def test_a_job_that_fails_changes_nothing_and_is_taken_back(shop: Shop) -> None:
    """Argo CD runs the chart's jobs as hooks before the rest, and tries them again by itself."""
    told = shop.up(processes={"migrate": PASSES})
    assert told.code == 0, told
    before = shop.of("template")
    told = shop.up(processes={"migrate": FAILS}, env={"LEVEL": "high"})
    assert (told.code, told.problem["code"]) == (1, "job-failed"), told
    assert shop.server.log()[0].startswith("Take web in test back to ")
    assert shop.of("template") == before
    eventually("the good one is applied", lambda: shop.state() == "synced", within=60)
    told = shop.up(processes={"migrate": PASSES}, env={"LEVEL": "high"})
    assert told.code == 0, told
    assert shop.of("template") != before, "the control: with a job that ends well it changes"
    # A job that changes alone is not run, and that is said: Argo CD compares no hooks.
    ran = shop.project.kubectl("get", "job", "web-migrate", "-o", "jsonpath={.metadata.uid}")
    again = {**PASSES, "command": ["/usr/bin/python3", "-c", "print(1)"]}
    told = shop.up(processes={"migrate": again}, env={"LEVEL": "high"})
    assert (told.code, "only release tasks changed" in told.err) == (0, True), told
    now = shop.project.kubectl("get", "job", "web-migrate", "-o", "jsonpath={.metadata.uid}")
    assert now == ran


@pytest.mark.full
def test_a_job_that_hangs_is_ended_by_a_way_back(shop: Shop) -> None:
    """Argo CD waits for it, applies nothing else meanwhile, and would go on with it later."""
    told = shop.up(processes={"migrate": PASSES})
    assert told.code == 0, told
    before = shop.of("template")
    hangs = {"migrate": {**PASSES, "command": ["/usr/bin/python3", "-c", HANGS]}}
    told = shop.up("--timeout", "20", processes=hangs, env={"LEVEL": "high"})
    assert (told.code, told.problem["code"]) == (1, "gitops-not-synced"), told
    assert "is applying" in told.problem["cause"], told
    told = shop.project.morrow("rollback", "test", "--json")
    assert told.code == 0, told
    assert "is asked to end what it is applying" in told.err, told
    assert told.seconds <= 60, told
    shop.argo.sync()  # it is at nothing else
    assert shop.of("template") == before


@pytest.mark.full
def test_a_closed_window_and_a_paused_application_are_named(shop: Shop) -> None:
    assert shop.up().code == 0
    name, kinds = shop.argo.applications[0], ("-n", "argocd", "patch")
    closed = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    windows = json.dumps({"spec": {"syncWindows": [{**closed, "manualSync": True}]}})
    project = ("appproject", shop.argo.name, "--type=merge", "-p")
    shop.project.cluster.kubectl(*kinds, *project, windows)
    told = shop.up("--timeout", "15", replicas=2)
    assert (told.code, told.problem["code"]) == (1, "gitops-not-synced"), told
    assert "a sync window may be closed" in told.problem["cause"]
    assert shop.of("replicas") == "1"
    shop.project.cluster.kubectl(*kinds, *project, '{"spec":{"syncWindows":[]}}')
    told = shop.up(replicas=2)
    assert (told.code, shop.of("replicas")) == (0, "2"), told

    off = '{"spec":{"syncPolicy":{"automated":{"enabled":false}}}}'
    shop.project.cluster.kubectl(*kinds, "application", name, "--type=merge", "-p", off)
    told = shop.up(replicas=1)
    assert (told.code, told.problem["code"]) == (1, "gitops-paused"), told
    assert (shop.state(), shop.of("replicas")) == ("paused", "2")


@pytest.mark.full
def test_an_old_pod_keeps_its_settings_and_ten_old_replicasets_remain(shop: Shop) -> None:
    assert shop.up(env={"LEVEL": "0"}).code == 0
    for number in range(1, KEPT + 3):
        shop.project.write(shop.values(env={"LEVEL": str(number)}))
        commit = shop.server.send(f"Level {number}")
        shop.argo.refresh()
        eventually(f"level {number}", lambda commit=commit: shop.argo.at(commit), within=60)  # type: ignore[misc]
    old = [one for one in shop.replicasets() if one["spec"]["replicas"] == 0]
    assert len(old) == KEPT
    (pod,) = shop.project.ready_pods()

    # A bad release hangs: the old pod that is deleted meanwhile comes back with its own settings.
    shop.project.write(shop.values(env={"LEVEL": "bad"}, **CRASHES))
    shop.server.send("Bad")
    shop.argo.refresh()
    eventually("the bad one is tried", lambda: "SystemExit(3)" in shop.command(), within=60)
    shop.project.kubectl("delete", "pod", pod)
    eventually("another serves", lambda: bool(shop.project.ready_pods()), within=60)
    time.sleep(5)
    (again,) = shop.project.ready_pods()
    assert again != pod
    level = shop.project.kubectl("exec", again, "--", "python3", "-c", LEVEL)
    assert level.strip() == str(KEPT + 2)
    told = shop.project.morrow("status", "test", "--json")
    assert "crashed" in {one["code"] for one in told.problems}, told
