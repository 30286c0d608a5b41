"""A project in Git, a stand-in for the pipeline that renders and signs it, and the real Flux."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster import ROOT
from tests.e2e.flux import OURS, Flux, flux
from tests.e2e.git_controller import Controller
from tests.e2e.tool_project import ToolProject
from tests.unit.tool import sealing
from tests.unit.tool.command import MORROW
from tests.unit.tool.git_server import GitServer


class Pipeline(Controller):
    """Renders each commit of main, and pushes it as a signed artifact."""

    stands_in = "a pipeline: git pull, morrow render, a push, cosign sign"

    def __init__(self, flux: Flux, bare: Path, folder: Path) -> None:
        super().__init__(flux.cluster, flux.namespace, bare, folder)
        self._flux, self._built = flux, ""
        self.digests: list[str] = []

    def _sync_alone(self) -> None:
        if not self._pulled():
            return
        commit = self._do("git", "rev-parse", "HEAD", folder=self._folder).strip()
        if commit == self._built:
            return
        with tempfile.TemporaryDirectory() as out:
            self._do(*MORROW, "render", "test", "--output", out, folder=self._folder)
            digest = self._flux.push(Path(out), OURS, revision=f"main@sha1:{commit}")
        self.digests.append(digest)
        self._built = commit
        self.syncs += 1


@dataclass
class Line:
    """What leads from a commit to the cluster."""

    server: GitServer
    pipeline: Pipeline
    flux: Flux


@contextmanager
def line(project: ToolProject, scratch: Path) -> Iterator[Line]:
    """Lead a project's commits to its namespace."""
    work = project.folder
    shutil.copytree(ROOT / "chart", work / "chart")
    (work / "pyproject.toml").write_text("[tool.morrow]\n")
    server = GitServer(work, scratch / "origin.git")
    server.send("The chart")
    with flux(project.cluster, project.namespace, scratch / "keys") as made:
        made.open_with(sealing.identity(scratch / "age.txt").file)  # the object asks for one
        made.add()
        pipeline = Pipeline(made, server.bare, scratch / "pipeline")
        with pipeline.running():
            yield Line(server, pipeline, made)
