"""The tool with Helm 4: what it plans is what Helm 4 does, and it goes back and away by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from morrow.tool.cluster.site import Site
from morrow.tool.plan.compute import compute
from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.helms import by_helm
from tests.e2e.plan_changes import CHANGES, base, laid_over
from tests.e2e.test_tool_plan import Rig, disagreements
from tests.e2e.tool_project import Told, ToolProject

# A hang is found by this; a machine that is busy with other things is not.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def by_four(cluster: Cluster) -> Cluster:
    """The cluster as Helm 4 reaches it."""
    return by_helm(cluster, "helm-4")


@pytest.fixture
def project(by_four: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    return ToolProject(tmp_path, by_four, namespace, hello_image)


def good(told: Told) -> Told:
    assert told.code == 0, told
    return told


def test_up_rollback_and_down(project: ToolProject) -> None:
    assert project.cluster.helm("version", "--short").startswith("v4.")
    project.write(project.simple(config={"STEP": "1"}))
    said = good(project.morrow("up", "test", "--show-commands"))
    assert "--rollback-on-failure" in said.err
    assert "--server-side=false" in said.err
    first = good(project.morrow("status", "test", "--json")).answer
    assert good(project.morrow("plan", "test", "--detailed-exitcode"))
    project.write(project.simple(config={"STEP": "2"}))
    assert project.morrow("plan", "test", "--detailed-exitcode").code == 2
    good(project.morrow("up", "test"))
    back = good(project.morrow("rollback", "test", "--json")).answer
    assert back["config"] == first["config"]

    project.write(project.simple(config={"STEP": "3"}, env={"EXIT": "3", "DEATHS": "99"}))
    told = project.morrow("up", "test", "--json")
    assert told.code == 1, told
    assert told.problem["code"] == "crashed", told
    assert "level=WARN" not in told.out
    served = good(project.morrow("status", "test", "--json")).answer
    assert (served["state"], served["config"]) == ("serving", first["config"])

    good(project.morrow("down", "test"))
    left = project.cluster.get("deployments,services", "-n", project.namespace)["items"]
    assert left == []


def test_a_release_that_was_applied_on_the_servers_side_is_changed_as_planned(
    by_four: Cluster, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Helm 4 by itself lets the server merge; the tool's own way takes such a release over."""
    for name, value in by_four.environment().items():
        monkeypatch.setenv(name, value)
    rig = Rig(tmp_path, by_four, namespace)
    values = base(namespace, by_four.context)
    rig.write(values)
    rig.apply()
    shown = ("-n", namespace, "--show-managed-fields")
    fields = by_four.get("deployment", values["name"], *shown)["metadata"]["managedFields"]
    assert ("helm", "Apply") in [(one["manager"], one["operation"]) for one in fields]
    file = str(tmp_path / "environments" / "test.yaml")
    words = ["upgrade", "web", str(ROOT / "chart"), "-n", namespace, "-f", file]
    for _, change, _ in CHANGES[:8]:
        values = laid_over(values, change)
        plan = compute(Site(rig.write(values)))
        assert not plan.problems, plan.problems
        before = rig.live(plan)
        by_four.helm(*words, "--server-side=false")
        assert disagreements(before, plan, rig.live(plan)) == []
