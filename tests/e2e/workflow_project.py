"""A repository that calls the workflows: its project, its Git, and what stands in for GitHub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.tool_project import ToolProject
from tests.e2e.workflow import Workflow
from tests.unit.tool.command import MAIN

LEFT_OUT = {
    "install": "the tool is this checkout's, which no index has",
    "actions/checkout": "the project is there",
    "actions/setup-python": "this Python",
    "actions/setup-go": "tools/ builds the same programs",
    "actions/upload-pages-artifact": "no pages are served",
    "actions/deploy-pages": "no pages are served",
    "pypa/gh-action-pypi-publish": "nothing is given to an index",
    "actions/upload-artifact": "both jobs run in one folder",
    "actions/download-artifact": "both jobs run in one folder",
}
# A stand-in for GitHub: it notes what it was asked, and knows the issue that was opened.
GH = """#!/bin/sh
printf '%s\\n' "$*" >>gh.txt
case "$1 $2" in
"pr view") exit 1 ;;
"issue create") echo 7 >issue ;;
"issue close") rm issue ;;
"issue list") cat issue 2>/dev/null || true ;;
esac
"""
PYPROJECT = f"""
[tool.morrow]
chart = "{ROOT / "chart"}"
[[tool.morrow.verify.checks]]
path = "/"
text = "TEXT"
"""


def callers_project(cluster: Cluster, namespace: str, image: Image, folder: Path) -> ToolProject:
    """A project with the tool, and GitHub's stand-in, on its PATH."""
    made = ToolProject(folder, cluster, namespace, image)
    programs = folder / "bin"
    programs.mkdir()
    for name, text in (("gh", GH), ("morrow", f"#!{sys.executable}\n{MAIN}\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (folder / "pyproject.toml").write_text(PYPROJECT.replace("TEXT", "warm"))
    return made


def workflow(project: ToolProject, name: str, event: str = "push", **inputs: str) -> Workflow:
    secret = {"kubeconfig": project.cluster.kubeconfig.read_text()}
    given = {"environment": "test", **inputs}
    return Workflow(name, project.folder, variables(project), given, secret, event)


def variables(project: ToolProject) -> dict[str, str]:
    """What a job sees: the programs, and no way to the cluster but the one it is given."""
    seen = project.environment()
    seen["PATH"] = f"{project.folder / 'bin'}:{seen['PATH']}"
    del seen["KUBECONFIG"]
    return seen


def commit_all(project: ToolProject) -> Path:
    """Commit the project's files; return the repository that it is pushed to."""
    origin = project.folder.parent / f"{project.folder.name}-origin.git"
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for words in (
        ["init", "--quiet", "--bare", str(origin)],
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "environments", "pyproject.toml"],
        [*who, "commit", "--quiet", "-m", "one"],
        ["remote", "add", "origin", str(origin)],
    ):
        subprocess.run(["git", *words], cwd=project.folder, check=True)
    return origin


def proposed(origin: Path, branch: str) -> str:
    """The environment's file on a branch that was pushed."""
    words = ["git", "show", f"{branch}:environments/test.yaml"]
    return subprocess.check_output(words, cwd=origin, text=True)
