"""Open an environment in a test, as the commands do."""

from __future__ import annotations

from morrow.tool.base.errors import Problem
from morrow.tool.base.project import Project
from morrow.tool.environment.model import Environment
from morrow.tool.rules import open as door


def load(project: Project, label: str, context: str | None = None) -> Environment:
    """Return a valid environment, or raise what is wrong with it."""
    return door.open_site(label, context, door.VALID, project).environment


def examine(
    project: Project, label: str, context: str | None = None
) -> tuple[Environment, list[Problem]]:
    """Return an environment and what is wrong with it."""
    site, problems = door.examine(label, context, door.VALID, project)
    return site.environment, problems
