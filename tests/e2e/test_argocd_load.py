"""The proof for Argo CD: sync, self-heal, a bad release and the way back lose no request.

hello is delivered by commits alone. The control delivers the same without the recipe.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.argocd import Argo, argo, needs_argocd
from tests.e2e.cluster import ROOT, Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import proving
from tests.e2e.pods import names
from tests.e2e.rig import FOLDER, NOTHING, Rig
from tests.e2e.tool_project import Told, ToolProject, laid_over
from tests.unit.tool.git_server import NOBODYS, WHO, GitServer

pytestmark = [
    pytest.mark.full,
    pytest.mark.proof,
    pytest.mark.timeout(900),
    needs_lab("has an Argo CD beside it"),
]
CRASHES = {"command": ["/usr/bin/python3", "-c", "raise SystemExit(3)"]}


class Delivered:
    """hello under load, and the project that delivers it by Git."""

    def __init__(self, rig: Rig, project: ToolProject, argo: Argo, server: GitServer) -> None:
        self.rig, self.project, self.argo, self.server = rig, project, argo, server
        self.image = "hello"

    def values(self, more: Mapping[str, object]) -> dict[str, Any]:
        rig = self.rig
        space, gateway = rig.cluster.gateway.split("/")
        base = self.project.base()
        image = rig.images[self.image]
        values = {
            "environment": "test",
            "target": {**base["target"], "delivery": "gitops"},
            "image": {"repository": image.repository, "digest": image.digest},
            "replicas": 2,
            "route": {
                "mode": "gateway",
                "hosts": [rig.host],
                "gateway": {"name": gateway, "namespace": space},
            },
        }
        return laid_over(values, more)

    def up(self, **more: object) -> Told:
        self.project.write(self.values(more))
        return self.project.morrow("up", "test", "--json")

    def other_image(self) -> None:
        self.image = "hello-next" if self.image == "hello" else "hello"

    def replicas(self) -> int:
        where = ("deployment", "hello", "-n", self.rig.namespace)
        return int(self.rig.cluster.get(*where)["spec"]["replicas"])


@pytest.fixture(scope="module")
def delivered(
    cluster: Cluster,
    hello_images: dict[str, Image],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Delivered]:
    needs_argocd()
    work: Path = tmp_path_factory.mktemp("argocd") / "work"
    with proving("argocd", cluster, hello_images, request, FOLDER / "argocd") as rig:
        image = hello_images["hello"]
        project = ToolProject(work, cluster, rig.namespace, image, {**WHO, **NOBODYS})
        shutil.copytree(ROOT / "chart", work / "chart")
        shutil.copy(ROOT / "environments" / "base.yaml", work / "environments" / "base.yaml")
        (work / "pyproject.toml").write_text("[tool.morrow]\n")
        with argo(cluster, work, rig.namespace) as (made, server):
            server.send("The chart")
            made.add(made.application("test", rig.namespace, "hello"))
            shop = Delivered(rig, project, made, server)
            told = shop.up()
            assert told.code == 0, told
            cluster.wait_for_route(rig.host)
            rig.settle()
            yield shop


def test_a_sync(delivered: Delivered) -> None:
    rig = delivered.rig
    before = names(rig.pods())
    delivered.other_image()
    with rig.under_load("Argo CD: a commit", NOTHING) as run:
        run.mark("commit")
        told = delivered.up()
        run.settle()
    assert told.code == 0, told
    assert not before & names(rig.pods()), "every pod is a new one"
    rig.nothing_lost(f"applied and proven in {told.seconds:.0f} s")


def test_self_heal(delivered: Delivered) -> None:
    rig = delivered.rig
    with rig.under_load("Argo CD: changes by hand are undone", NOTHING) as run:
        for replicas in (1, 4):
            run.mark(f"scale to {replicas} by hand")
            where = ("deployment/hello", "-n", rig.namespace)
            rig.cluster.kubectl("scale", *where, f"--replicas={replicas}")
            eventually("it heals itself", lambda: delivered.replicas() == 2, within=60)
            run.settle()
    assert len(rig.pods()) == 2
    rig.nothing_lost()


def test_a_bad_release(delivered: Delivered) -> None:
    rig = delivered.rig
    before = names(rig.pods())
    with rig.under_load("Argo CD: a bad release stops", NOTHING) as run:
        run.mark("bad")
        told = delivered.up(**CRASHES)
        run.settle()
    assert (told.code, told.problem["code"]) == (1, "crashed"), told
    assert before == names(rig.pods()), "the old ones serve"
    rig.nothing_lost(f"named and taken back in {told.seconds:.0f} s")


def test_the_way_back(delivered: Delivered) -> None:
    rig = delivered.rig
    delivered.other_image()
    assert delivered.up().code == 0
    rig.settle()
    left = delivered.rig.images[delivered.image].digest
    with rig.under_load("Argo CD: rollback", NOTHING) as run:
        run.mark("rollback")
        told = delivered.project.morrow("rollback", "test", "--json")
        run.settle()
        for _ in range(5):
            delivered.argo.sync()
    assert told.code == 0, told
    assert told.seconds <= 60, told
    running = {pod["spec"]["containers"][0]["image"] for pod in rig.pods()}
    assert len(running) == 1
    assert left not in running.pop(), "five syncs later the old image still serves"
    rig.nothing_lost(f"served again after {told.seconds:.0f} s")


def test_control_a_sync_without_the_recipe(delivered: Delivered) -> None:
    """The same commits with no drain and no pause before the end lose requests."""
    rig = delivered.rig
    more = {"drain": 0, "replicas": 4}
    assert delivered.up(**more).code == 0
    rig.settle()
    with rig.under_load("control: Argo CD without the recipe", "requests are lost") as run:
        for number in range(3):
            run.mark(f"update {number + 1}")
            delivered.other_image()
            assert delivered.up(**more).code == 0
            run.settle()
    lost = [each for each in rig.chapters[-1].result.failures if each.cause != "timeout"]
    rig.judge(len(lost) > 0, f"{len(lost)} refused or cut off, as it must be")
