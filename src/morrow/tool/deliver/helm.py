"""Delivery by Helm itself."""

from __future__ import annotations

import json
from pathlib import Path

from morrow.tool.base.errors import Problem
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import KEPT, Delivery
from morrow.tool.deliver.failed import PATIENCE
from morrow.tool.diagnose.helm_words import helm_problem
from morrow.tool.programs.helm import require_supported
from morrow.tool.programs.helm_storage import Record
from morrow.tool.recovery.finding import Finding

WAITS = ("--wait", "--wait-for-jobs", "--cleanup-on-fail", "--history-max", str(KEPT))
REMOVAL = 330  # seconds for the end of all that a release holds


class ByHelm(Delivery):
    """`helm upgrade --install`, which takes back by itself what does not become ready."""

    programs = ("helm",)
    stoppable = True
    reads_again = False
    keeps_state = False

    def check(self) -> None:
        """Refuse a Helm of which nobody knows how it merges."""
        require_supported()

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Install or upgrade; know the new revision from what helm prints."""
        environment, seconds = site.environment, round(timeout or PATIENCE)
        done = site.helm.upgrade(
            environment.name,
            environment.project.chart,
            environment.files,
            arguments=("--atomic", *WAITS, "--timeout", f"{seconds}s", "--output", "json"),
        )
        if done.code:
            site.forget_release()
            return helm_problem(done, site.place, seconds)
        site.add_revision(json.loads(done.out), KEPT)
        return None

    def undo_install(self, site: Site) -> bool:
        """Uninstall it."""
        done = site.helm.run("uninstall", site.environment.name, "--wait", timeout=REMOVAL)
        return done.code == 0

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Let helm roll back."""
        require_supported()
        name, number = site.environment.name, str(record["version"])
        wait = f"--timeout={PATIENCE:.0f}s"
        done = site.helm.run("rollback", name, number, *WAITS, wait, timeout=PATIENCE + 60)
        site.forget_release()
        return helm_problem(done, site.place, PATIENCE) if done.code else None

    def remove(self, site: Site) -> None:
        """Uninstall; that there is nothing is no error."""
        words = ("uninstall", site.environment.name, "--ignore-not-found", "--wait")
        done = site.helm.run(*words, timeout=REMOVAL)
        if done.code:
            raise done.failure()

    def plan(self, site: Site) -> None:
        """Leave it to the tool's plan, which is computed as Helm acts."""

    def left_behind(self, site: Site, *, broken: bool) -> list[Finding]:
        """Find nothing: Helm's storage is all that there is."""
        return []
