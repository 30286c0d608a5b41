"""Who applies a release: one class for each `target.delivery`, each in a file of its own.

How others use it: `delivery = delivery_of(environment)`. A new way to deliver is a class in a file
of its own and one line in `DELIVERIES`. What all ways share (watch, lock, judge, take back) is
in `apply` and `rollback`.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Protocol, cast

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.site import Site
from morrow.tool.environment.model import Environment
from morrow.tool.programs.helm import Record
from morrow.tool.recovery.recovery import Finding, find

KEPT = 10  # revisions that Helm keeps


class Delivery(Protocol):
    """One way to bring a release into a cluster."""

    programs: tuple[str, ...]
    """What must be on PATH, besides kubectl."""

    stoppable: bool = False
    """Whether the watcher may stop it at a fault; it then rolls back by itself."""

    reads_again: bool = False
    """Whether applying its saved plan reads the chart and values files again."""

    keeps_state: bool = False
    """Whether it remembers the release beside Helm's own storage, which may disagree."""

    marks: bool = True
    """Whether it notes its release on every object, as Helm does."""

    changes_files: bool = False
    """Whether to go back changes the environment's files too."""

    undone: bool = True
    """Whether what it could not apply was taken back."""

    verbs: tuple[str, ...] = ("get", "list", "watch", "create", "patch", "delete")
    """What is done by us with each kind that the chart renders."""

    def check(self, site: Site) -> None:
        """Refuse what would end half-way: a program that was not tested, files that cannot go."""

    def render(self, site: Site) -> tuple[str, str]:
        """Return the manifest and the hooks that will be applied."""

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Install or upgrade, and wait; return what it says when it failed."""

    def awaited(self, objects: list[Json], after: Collection[str]) -> list[Json]:
        """Return the objects where it waits until each is ready; `after`: steps that come then."""
        return []

    def unawaited(self, objects: list[Json]) -> list[Json]:
        """Return what of these `bring_back` does not wait for; mostly it waits for all."""
        return []

    def give_up(self, site: Site) -> None:
        """Take back what it applied and did not wait for, when nobody waits to the end."""
        return

    def undo_install(self, site: Site) -> bool:
        """Take away a first release whose apply succeeded but whose pods then failed."""

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Apply what an earlier revision holds; return what it says when it failed."""

    def remove(self, site: Site) -> None:
        """Take the release away."""

    def plan(self, site: Site) -> Any:  # noqa: ANN401 - each has a plan of its own, or None
        """Return what it would do by itself; None where the tool's plan says it all."""
        return None

    def set_back(self, site: Site, key: str) -> Problem | None:
        """Return why a change of the cluster alone would not last, and that `key` is to change."""
        return None

    def state(self, site: Site) -> dict[str, Any]:
        """Return what it says of itself in `status`; most have nothing to say."""
        return {}

    def left_behind(self, site: Site, *, broken: bool) -> list[Finding]:
        """Return what a command left in its state; `broken`: the release has a fault already."""
        return []


DELIVERIES = {
    "helm": "helm:ByHelm",
    "terraform": "terraform:ByTerraform",
    "gitops": "gitops:ByGit",
}


def delivery_of(environment: Environment) -> Delivery:
    """Return who delivers the environment."""
    return cast(Delivery, resolve_name(f"morrow.tool.deliver.{DELIVERIES[environment.delivery]}")())


def left_behind(site: Site) -> list[Finding]:
    """Find what was left behind in the cluster and in the delivery's own state."""
    found = find(site)
    return found + delivery_of(site.environment).left_behind(site, broken=bool(found))
