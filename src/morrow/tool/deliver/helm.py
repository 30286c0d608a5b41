"""Delivery by Helm itself."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import parse
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import KEPT, Delivery
from morrow.tool.deliver.failed import PATIENCE
from morrow.tool.deliver.rollout import Rollout
from morrow.tool.diagnose.awaited import waits_in_vain
from morrow.tool.diagnose.helm_words import helm_problem
from morrow.tool.diagnose.job import vanishes
from morrow.tool.diagnose.view import spec_of
from morrow.tool.programs.helm import require_supported
from morrow.tool.programs.helm_storage import Record
from morrow.tool.programs.runner import Result
from morrow.tool.rules.deployable import chart_problems, sentences

WAITS = ("--wait", "--wait-for-jobs", "--cleanup-on-fail", "--history-max", str(KEPT))
UNMADE = re.compile(r"Secret \S+ is not in the namespace")  # the chart's words, before an install
REMOVAL = 330  # seconds for the end of all that a release holds


class ByHelm(Delivery):
    """`helm upgrade --install`, which takes back by itself what does not become ready."""

    programs = ("helm",)
    stoppable = True

    def check(self, site: Site) -> None:
        """Refuse a Helm of which nobody knows how it merges."""
        require_supported()

    def render(self, site: Site) -> tuple[str, str]:
        """Let Helm say what it would apply, as far as it can before the Secret is made."""
        done = _dry_upgrade(site, "server")
        if done.code and UNMADE.search(done.err):
            # `up` makes the Secret before Helm runs, so the chart must not look for it here.
            done = _dry_upgrade(site, "client")
        if done.code:
            raise Failure(*_render_problems(site, done), refused=True)
        release = json.loads(done.out)
        hooks = "\n---\n".join(hook["manifest"] for hook in release.get("hooks") or [])
        return release["manifest"], hooks

    def apply(self, site: Site, timeout: float | None, saved: Path | None) -> Problem | None:
        """Install or upgrade; know the new revision from what helm prints."""
        environment, seconds = site.environment, round(timeout or PATIENCE)
        waits = _waits(site.objects)
        atomic = ("--atomic",) if "--wait" in waits else ()
        done = site.helm.upgrade(
            environment.name,
            environment.project.chart,
            environment.files,
            arguments=(*atomic, *waits, "--timeout", f"{seconds}s", "--output", "json"),
        )
        if done.code:
            site.forget_release()
            if done.code == -signal.SIGKILL or not atomic:
                self._put_back(site)
            return helm_problem(done, site.place, seconds)
        site.add_revision(json.loads(done.out), KEPT)
        return None

    def _put_back(self, site: Site) -> None:
        """End what it left, and wait for no pod: none may come."""
        site.unwatch()  # else it would end the helm that comes now
        self.undone = False  # also when this ends half-way
        name, number = site.environment.name, site.deployed
        if number is None:
            self.undone = self.undo_install(site)
        else:
            words = ("rollback", name, str(number), "--history-max", str(KEPT))
            self.undone = _worked(site.helm.run(*words))
        site.forget_release()

    def undo_install(self, site: Site) -> bool:
        """Uninstall it."""
        words = ("uninstall", site.environment.name, "--wait")
        return _worked(site.helm.run(*words, timeout=REMOVAL))

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Let helm roll back."""
        require_supported()
        name, number = site.environment.name, str(record["version"])
        waits, wait = _waits(parse(record["manifest"])), f"--timeout={PATIENCE:.0f}s"
        done = site.helm.run("rollback", name, number, *waits, wait, timeout=PATIENCE + 60)
        site.forget_release()
        if done.code or "--wait" in waits:
            return helm_problem(done, site.place, PATIENCE) if done.code else None
        with Rollout(site.kubectl, site.place, interrupt=False) as rollout:
            return rollout.settled(PATIENCE)

    def remove(self, site: Site) -> None:
        """Uninstall; that there is nothing is no error."""
        words = ("uninstall", site.environment.name, "--ignore-not-found", "--wait")
        done = site.helm.run(*words, timeout=REMOVAL)
        if done.code:
            raise done.failure()


def _worked(done: Result) -> bool:
    if done.code:
        terminal.warn(f"it was not taken back: {done.last_error}")
    return done.code == 0


def _waits(objects: list[Json]) -> tuple[str, ...]:
    """Let Helm wait for nothing that it would not see end well; the tool itself waits.

    A Job that vanishes at its end it takes for a fault; of one that is done when a part of it is,
    it waits for all. Where it would wait in vain it waits for nothing.
    """
    left: tuple[str, ...] = ()
    if any(vanishes(one) or spec_of(one).get("successPolicy") for one in objects):
        left = ("--wait-for-jobs",)
    if waits_in_vain(objects):
        left = ("--wait", "--wait-for-jobs")
    return tuple(word for word in WAITS if word not in left)


def _dry_upgrade(site: Site, where: str) -> Result:
    it, words = site.environment, (f"--dry-run={where}", "-o", "json")
    return site.helm.upgrade(it.name, it.project.chart, it.files, arguments=words, timeout=60)


def _render_problems(site: Site, done: Result) -> list[Problem]:
    """Return one problem for each sentence of the chart, or what Helm says is in the way."""
    if not sentences(done):
        known = helm_problem(done, site.place, 60)
        if known.code not in ("program-failed", "release-refused"):
            return [known]
    return chart_problems(site.environment, done)
