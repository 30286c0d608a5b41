"""Two environments do not take one release from each other, and a name that was left is told."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.ownership import orphans, owned_by_another
from morrow.tool.diagnose.view import View
from morrow.tool.environment.load import read
from tests.unit.tool.command import morrow
from tests.unit.tool.stand_in import Json, StandIn, thing
from tests.unit.tool.test_program_starts import serving


def record_of(environment: str, chart: str, status: str = "deployed") -> Json:
    """What Helm remembers of a release."""
    return {
        "version": 1,
        "info": {"status": status},
        "manifest": "",
        "chart": {"metadata": {"name": chart}},
        "config": {"environment": environment},
    }


def kept(name: str, environment: str, chart: str = "morrow", status: str = "deployed") -> Json:
    """What Helm stores of it."""
    record = json.dumps(record_of(environment, chart, status)).encode()
    packed = base64.b64encode(base64.b64encode(gzip.compress(record)))
    labels = {"owner": "helm", "name": name}
    stored = f"sh.helm.release.v1.{name}.v1"
    return thing("Secret", stored, data={"release": packed.decode()}, metadata={"labels": labels})


def with_chart_of_its_own(folder: Path) -> Site:
    """The environment dev of a project that has renamed the chart `copied`."""
    own = folder / "chart"
    own.mkdir(exist_ok=True)
    (own / "Chart.yaml").write_text("{apiVersion: v2, name: copied, version: 1.0.0}\n")
    project = Project.find()
    return Site(replace(read(project, "dev"), project=replace(project, chart=own)))


BY_HELM = "helm uninstall shop --kube-context dev --namespace shop-dev"
CHANGES = ("helm upgrade", "helm uninstall", "helm rollback")


@pytest.mark.parametrize(
    ("owner", "chart", "status", "by", "away"),
    [
        ("prod", "morrow", "deployed", "by the environment prod", "morrow down prod"),
        ("prod", "morrow", "failed", "by the environment prod", "morrow down prod"),
        ("gone", "morrow", "deployed", "by the environment gone", BY_HELM),
        ("dev", "morrow", "deployed", "", ""),
        ("dev", "morrow", "failed", "", ""),
        ("", "morrow", "deployed", "", ""),
        ("", "theirs", "deployed", "with the chart theirs", BY_HELM),
        ("dev", "theirs", "deployed", "with the chart theirs", BY_HELM),
        ("prod", "theirs", "deployed", "with the chart theirs", BY_HELM),
        ("dev", "theirs", "failed", "with the chart theirs", BY_HELM),
        ("dev", "theirs", "pending-install", "with the chart theirs", BY_HELM),
        ("dev", "theirs", "uninstalled", "", ""),
        ("dev", "copied", "deployed", "", ""),
        ("prod", "copied", "deployed", "by the environment prod", "morrow down prod"),
    ],
)
def test_a_release_of_another_chart_or_environment_is_told_from_ours(
    project_folder: Path, owner: str, chart: str, status: str, by: str, away: str
) -> None:
    (project_folder / "environments" / "prod.yaml").write_text("environment: prod\n")
    site = with_chart_of_its_own(project_folder)
    site.__dict__["records"] = {1: record_of(owner, chart, status)}
    found = owned_by_another(site)
    assert (found is not None) == bool(by)
    if found is not None:
        assert by in found.cause
        assert found.fix.endswith(f"given up: {away}")


@pytest.mark.parametrize("words", [("up", "dev"), ("down", "dev"), ("doctor", "dev", "--fix")])
@pytest.mark.parametrize("chart", ["morrow", "theirs"])
def test_a_release_of_another_chart_is_left_alone(
    cluster: StandIn, words: tuple[str, ...], chart: str
) -> None:
    serving(cluster)
    held = kept("shop", "dev", chart, "pending-install" if "--fix" in words else "deployed")
    cluster.says(objects=[*cluster.world["objects"], held], history=[])
    done = morrow(*words, "--json")
    theirs = chart == "theirs"
    assert ("release-of-another" in done.out and done.code == 2) == theirs, done
    assert any(line.startswith(CHANGES) for line in cluster.asked) == (not theirs)


@pytest.mark.parametrize("words", [("rollback", "dev"), ("secrets", "rotate", "dev")])
@pytest.mark.parametrize("chart", ["morrow", "theirs"])
def test_nor_is_it_rolled_back_or_given_new_secrets(
    cluster: StandIn, words: tuple[str, ...], chart: str
) -> None:
    serving(cluster)
    cluster.says(objects=[*cluster.world["objects"], kept("shop", "dev", chart)], history=[])
    done = morrow(*words, "--json")
    theirs = chart == "theirs"
    assert ("release-of-another" in done.out and done.code == 2) == theirs, done
    assert not (theirs and any(line.startswith(CHANGES) for line in cluster.asked))


LEFT = thing("Deployment", "old", "apps/v1", metadata={
    "annotations": {"meta.helm.sh/release-name": "old"},
    "labels": {"app.kubernetes.io/name": "old"},
})  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "chart", "told"), [("dev", "morrow", 1), ("prod", "morrow", 0), ("dev", "x", 0)]
)
def test_a_release_that_was_renamed_is_told(
    cluster: StandIn, environment: str, chart: str, told: int
) -> None:
    serving(cluster)
    mine = kept("old", environment, chart)
    cluster.says(objects=[*cluster.world["objects"], LEFT, mine])
    done = morrow("up", "dev")
    assert done.code == 0, done
    assert done.err.count("this environment is named shop now, and old still runs") == told


@pytest.mark.parametrize(("chart", "told"), [("copied", 1), ("morrow", 1), ("theirs", 0)])
def test_it_is_told_too_where_the_chart_was_renamed(
    cluster: StandIn, project_folder: Path, chart: str, told: int
) -> None:
    cluster.says(objects=[LEFT, kept("old", "dev", chart)])
    view = View(around={"Deployment": (LEFT,)})
    found = orphans(with_chart_of_its_own(project_folder), view)
    assert [one.object for one in found] == ["release old"] * told
