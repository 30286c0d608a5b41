"""hello under load, delivered by commits alone, whoever reads them; and what each scenario does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.cluster import ROOT
from tests.e2e.pods import names
from tests.e2e.rig import NOTHING, Rig
from tests.e2e.tool_project import CRASHES, Told, ToolProject, laid_over
from tests.unit.tool.git_server import NOBODYS, WHO


def project_of(rig: Rig, folder: Path) -> ToolProject:
    """Return a project whose commits are nobody's, with the base of this repository's own."""
    image = rig.images["hello"]
    project = ToolProject(folder, rig.cluster, rig.namespace, image, {**WHO, **NOBODYS})
    shutil.copy(ROOT / "environments" / "base.yaml", project.folder / "environments")
    return project


class Delivered:
    """A release under load, and the project whose commits deliver it."""

    def __init__(self, who: str, rig: Rig, project: ToolProject, again: Callable[[], None]) -> None:
        self.who, self.rig, self.project = who, rig, project
        self.again = again  # let the controller apply what it has once more
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

    def first(self) -> None:
        """Deliver it for the first time."""
        told = self.up()
        assert told.code == 0, told
        self.rig.cluster.wait_for_route(self.rig.host)
        self.rig.settle()

    def other_image(self) -> None:
        self.image = "hello-next" if self.image == "hello" else "hello"

    def replicas(self) -> int:
        where = ("deployment", "hello", "-n", self.rig.namespace)
        return int(self.rig.cluster.get(*where)["spec"]["replicas"])

    def commit(self) -> None:
        """A commit of another image."""
        rig = self.rig
        before = names(rig.pods())
        self.other_image()
        with rig.under_load(f"{self.who}: a commit", NOTHING) as run:
            run.mark("commit")
            told = self.up()
            run.settle()
        assert told.code == 0, told
        assert not before & names(rig.pods()), "every pod is a new one"
        rig.nothing_lost(f"applied and proven in {told.seconds:.0f} s")

    def bad_release(self) -> None:
        """A commit whose pods crash."""
        rig = self.rig
        before = names(rig.pods())
        with rig.under_load(f"{self.who}: a bad release stops", NOTHING) as run:
            run.mark("bad")
            told = self.up(**CRASHES)
            run.settle()
        assert (told.code, told.problem["code"]) == (1, "crashed"), told
        assert before == names(rig.pods()), "the old ones serve"
        rig.nothing_lost(f"named and taken back in {told.seconds:.0f} s")

    def way_back(self) -> None:
        """`morrow rollback`, and the controller applies what it has five times more."""
        rig = self.rig
        self.other_image()
        assert self.up().code == 0
        rig.settle()
        left = rig.images[self.image].digest
        with rig.under_load(f"{self.who}: rollback", NOTHING) as run:
            run.mark("rollback")
            told = self.project.morrow("rollback", "test", "--json")
            run.settle()
            for _ in range(5):
                self.again()
        assert told.code == 0, told
        print(f"{self.who}: rollback: {told.seconds:.0f} s, of 60")
        running = {pod["spec"]["containers"][0]["image"] for pod in rig.pods()}
        assert len(running) == 1
        assert left not in running.pop(), "five times later the old image still serves"
        rig.nothing_lost(f"served again after {told.seconds:.0f} s")

    def control(self) -> None:
        """The same commits with no drain and no pause before the end lose requests."""
        rig = self.rig
        more = {"drain": 0, "replicas": 4}
        assert self.up(**more).code == 0
        rig.settle()
        with rig.under_load(f"control: {self.who} without the recipe", "requests are lost") as run:
            for number in range(3):
                run.mark(f"update {number + 1}")
                self.other_image()
                assert self.up(**more).code == 0
                run.settle()
        lost = [each for each in rig.chapters[-1].result.failures if each.cause != "timeout"]
        rig.judge(len(lost) > 0, f"{len(lost)} refused or cut off, as it must be")
