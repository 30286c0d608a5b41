"""A project in a Git repository of its own, whose image buildah builds and pushes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cluster import Cluster, Image
from tests.e2e.images import buildah
from tests.e2e.tool_project import ToolProject


def buildable(folder: Path, cluster: Cluster, namespace: str, image: Image) -> ToolProject:
    """A project that pushes to the cluster's registry; buildah keeps to the folder."""
    if shutil.which("buildah") is None:
        pytest.skip("no buildah: building an image")
    made = ToolProject(folder / "project", cluster, namespace, image)
    made.variables = {**buildah(folder, cluster.registry), "MORROW_BUILDER": "buildah"}
    git(made, "init", "--quiet")
    return made


def git(project: ToolProject, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.check_output(["git", *who, *words], cwd=project.folder, text=True).strip()


def commit(project: ToolProject) -> str:
    """Commit all of it; return the commit's name as images have it."""
    git(project, "add", "-A")
    git(project, "commit", "--quiet", "-m", "as it is")
    return git(project, "rev-parse", "--short=12", "HEAD")
