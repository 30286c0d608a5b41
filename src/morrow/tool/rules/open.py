"""The one door to an environment: read, and held to as much as a command needs.

How others use it:

    site = open_site("dev", context, DEPLOYABLE)          # raises every problem
    site, problems = examine("dev", context, DEPLOYABLE)  # for who shows them itself

READABLE: its files can be read; a mistake in them stops nobody from seeing what runs.
VALID: the chart's schema accepts it. DEPLOYABLE: the service and the chart's templates, too.
"""

from __future__ import annotations

from collections.abc import Callable

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.project import Project
from morrow.tool.cluster.site import Site
from morrow.tool.environment import load
from morrow.tool.environment.model import KINDS
from morrow.tool.rules.deployable import refusals

Level = Callable[[Site], list[Problem]]


def open_site(
    label: str,
    context: str | None,
    level: Level,
    project: Project | None = None,
    patience: float | None = None,
) -> Site:
    """Open an environment; raise all that is wrong with it."""
    site, problems = examine(label, context, level, project, patience)
    if problems:
        raise Failure(*problems, refused=True)
    return site


def examine(
    label: str,
    context: str | None,
    level: Level,
    project: Project | None = None,
    patience: float | None = None,
) -> tuple[Site, list[Problem]]:
    """Open an environment; return all that is wrong with it."""
    site = Site(load.read(project or Project.find(), label, context))
    site.patience = patience or site.patience
    return site, level(site)


def READABLE(site: Site) -> list[Problem]:  # noqa: N802 - a level, used as a constant
    """Ask for no more than what leads to the place where it runs."""
    environment = site.environment
    clear = all(layer.readable for layer in environment.layers) and environment.name
    return [] if clear and environment.target and environment.kind in KINDS else VALID(site)


def VALID(site: Site) -> list[Problem]:  # noqa: N802 - a level, used as a constant
    """Ask for what the schema asks; its library takes as long to import as all the rest."""
    return load.problems_of(site.environment)


# Asks for all that can be known before anything is touched.
DEPLOYABLE: Level = refusals
