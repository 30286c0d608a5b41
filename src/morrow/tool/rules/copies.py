"""Copies of what the package ships: whether the project's own are of the package's version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from morrow import __version__
from morrow.tool.base.errors import Problem, problem
from morrow.tool.base.project import Project, shipped


def version_of(folder: Path) -> str:
    """Return the version that a chart states, or that `eject` wrote beside a module; or ""."""
    for name, pattern in (
        ("Chart.yaml", r"(?m)^version: *['\"]?([^\s'\"]+)"),
        ("VERSION", r"(\S+)"),
    ):
        file = folder / name
        if file.is_file() and (version := re.search(pattern, file.read_text(errors="replace"))):
            return version[1]
    return ""


def module_of(project: Project) -> Path:
    """Return where the project's own Terraform module is, or would be."""
    return project.terraform.parent / "modules" / "service"


def other_versions(project: Project) -> Iterator[Problem]:
    """Yield one problem for each copy that is of another version than the package's own."""
    package = version_of(shipped("chart")) or __version__
    for what, folder in (("chart", project.chart), ("terraform", module_of(project))):
        if folder == shipped("chart") or not folder.is_dir():
            continue
        version = version_of(folder)
        if version and version != package:
            cause = f"it is of version {version}, and Morrow here brings {package}"
            yield problem("copy-other-version", project.shown(folder), cause, what=what)
