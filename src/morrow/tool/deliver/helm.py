"""Delivery by Helm itself."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Collection
from pathlib import Path

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import parse, spec_of
from morrow.tool.cluster.site import Site
from morrow.tool.deliver.delivery import KEPT, Delivery
from morrow.tool.deliver.failed import NOT_BACK, PATIENCE
from morrow.tool.diagnose.awaited import AFTER_ROLLBACK, AFTER_UP, waits_in_vain
from morrow.tool.diagnose.job import vanishes
from morrow.tool.diagnose.refused import helm_problem
from morrow.tool.programs.helm import Record, manifest_of, require_supported, served
from morrow.tool.programs.runner import Result
from morrow.tool.rules.deployable import chart_problems, sentences

WAITS = ("--wait", "--wait-for-jobs", "--cleanup-on-fail", "--history-max", str(KEPT))
UNMADE = re.compile(r"Secret \S+ is not in the namespace")  # the chart's words, before an install
REMOVAL = 330  # seconds for the end of all that a release holds, or of its hooks


class ByHelm(Delivery):
    """`helm upgrade --install`, which takes back by itself what does not become ready."""

    programs = ("helm",)
    stoppable = True

    _newest = 0  # the revision that was there before; of none 0
    _waited = True  # whether Helm waits for pods, and takes back what does not become ready

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
        self._waited = "--wait" in waits
        self._newest = max((one.number for one in site.history), default=0)
        atomic = ("--atomic",) if self._waited else ()
        try:
            done = site.helm.upgrade(
                environment.name,
                environment.project.chart,
                environment.files,
                arguments=(*atomic, *waits, "--timeout", f"{seconds}s", "--output", "json"),
            )
            if not done.code:
                site.add_revision(json.loads(done.out), KEPT)
                return None
        except (Failure, KeyboardInterrupt):  # it was told to stop
            self.give_up(site)
            raise
        if done.code == -signal.SIGKILL or not atomic:
            self._put_back(site)
        site.forget_release()
        return helm_problem(done, site.place, seconds)

    def give_up(self, site: Site) -> None:
        """Do what Helm does by itself where it waits: take back what is not ready yet."""
        if not self._waited:
            self._put_back(site)

    def _put_back(self, site: Site) -> None:
        """End what it left, and wait for no pod: none may come."""
        site.unwatch()  # else it would end the helm that comes now
        self.undone = False  # also when this ends half-way
        site.forget_release()
        try:
            self.undone = self._ended(site)
        except Failure as failure:  # why it is taken back is told by who asks for it
            terminal.warn(NOT_BACK + failure.problems[0].cause)
        site.forget_release()

    def _ended(self, site: Site) -> bool:
        """Go back to the newest release that served; none that was here before goes away."""
        history = site.history
        if not history or history[-1].number <= self._newest:
            return True  # Helm has recorded nothing, so it has made nothing
        if not self._newest:
            terminal.say("  taking it back: nothing was deployed before")
            return self.undo_install(site)
        good = [number for number in served(history) if number <= self._newest]
        if not good:
            terminal.warn(f"{NOT_BACK}no release before it has served")
            return False
        terminal.say(f"  taking it back: as release {good[-1]} was")
        words = ("rollback", site.environment.name, str(good[-1]), "--history-max", str(KEPT))
        return _worked(site.helm.run(*words, timeout=REMOVAL))

    def undo_install(self, site: Site) -> bool:
        """Uninstall it."""
        return _worked(_uninstall(site))

    def awaited(self, objects: list[Json], after: Collection[str]) -> list[Json]:
        """Return all, where Helm is let wait."""
        return objects if "--wait" in _waits(objects, after) else []

    def unawaited(self, objects: list[Json]) -> list[Json]:
        """Return all, where Helm would wait in vain for a part of it."""
        return [] if "--wait" in _waits(objects, AFTER_ROLLBACK) else objects

    def bring_back(self, site: Site, record: Record, timeout: float | None) -> Problem | None:
        """Let helm roll back."""
        require_supported()
        words = ("rollback", site.environment.name, str(record["version"]))
        waits = (*_waits(parse(manifest_of(record)), AFTER_ROLLBACK), f"--timeout={PATIENCE:.0f}s")
        done = site.helm.run(*words, *waits, timeout=PATIENCE + 60)
        site.forget_release()
        return helm_problem(done, site.place, PATIENCE) if done.code else None

    def remove(self, site: Site) -> None:
        """Uninstall; that there is nothing is no error."""
        done = _uninstall(site)
        if done.code:
            raise done.failure()


def _uninstall(site: Site) -> Result:
    words = ("uninstall", site.environment.name, "--ignore-not-found", "--wait")
    return site.helm.run(*words, timeout=REMOVAL)


def _worked(done: Result) -> bool:
    if done.code:
        terminal.warn(NOT_BACK + done.last_error)
    return done.code == 0


def _waits(objects: list[Json], after: Collection[str] = AFTER_UP) -> tuple[str, ...]:
    """Let Helm wait for nothing that it would not see end well; the tool itself waits.

    A Job that vanishes at its end it takes for a fault; of one that is done when a part of it is,
    it waits for all. Where it would wait in vain it waits for nothing, unless hooks come `after`.
    """
    left: tuple[str, ...] = ()
    if any(vanishes(one) or spec_of(one).get("successPolicy") for one in objects):
        left = ("--wait-for-jobs",)
    if waits_in_vain(objects, after):
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
