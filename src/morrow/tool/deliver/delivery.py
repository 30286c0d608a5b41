"""Who applies a release: one class for each `target.delivery`, each in a file of its own.

How others use it: `delivery = delivery_of(environment)`. A new way to deliver is a class in a file
of its own and one line in `DELIVERIES`. What all ways share (watch, lock, judge, take back) is
in `apply` and `rollback`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from morrow.tool.base.errors import Problem
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm_storage import Record
from morrow.tool.recovery.finding import Finding
from morrow.tool.recovery.recovery import find

KEPT = 10  # revisions that Helm keeps


class Delivery(Protocol):
    """One way to bring a release into a cluster."""

    programs: tuple[str, ...]
    """What must be on PATH, besides kubectl."""

    stoppable: bool
    """Whether a fault that the watcher has seen may end it: it takes back by itself then."""

    reads_again: bool
    """Whether its saved plan reads chart and values where they stand when it is applied."""

    keeps_state: bool
    """Whether it remembers the release beside Helm's own storage, which may disagree."""

    def check(self) -> None:
        """Refuse a program of which nobody knows what it does."""

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Install or upgrade, and wait; return what it says when it failed."""

    def undo_install(self, site: Site) -> bool:
        """Take away a first release that was applied well and did not last."""

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Apply what an earlier revision holds; return what it says when it failed."""

    def remove(self, site: Site) -> None:
        """Take the release away."""

    def plan(self, site: Site) -> Any:  # noqa: ANN401 - each has a plan of its own, or None
        """Return what it would do by itself; None where the tool's plan says it all."""

    def left_behind(self, site: Site, *, broken: bool) -> list[Finding]:
        """Return what an earlier command left in its state; `broken`: the release is, too."""


DELIVERIES = {
    "helm": "helm:ByHelm",
    "terraform": "terraform:ByTerraform",
}


def delivery_of(environment: Environment) -> Delivery:
    """Return who delivers the environment."""
    module, _, name = DELIVERIES[environment.delivery].partition(":")
    return cast(Delivery, getattr(import_module(f"morrow.tool.deliver.{module}"), name)())


def left_behind(site: Site) -> list[Finding]:
    """Find what was left behind in the cluster and in the delivery's own state."""
    found = find(site)
    return found + delivery_of(site.environment).left_behind(site, broken=bool(found))
