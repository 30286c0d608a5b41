"""Watch a release while helm or terraform applies it: progress by pod, and the cause of a fault.

with Rollout(kubectl, place, interrupt=True) as rollout:
    ... apply, in the main thread ...
    rollout.settled(600)   # None, or what stands in the way; then .fault, .waiting and .view
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import spec_of, uid
from morrow.tool.cluster.place import Place
from morrow.tool.deliver.explain import by_another, explain
from morrow.tool.deliver.look import look, look_beyond, patiently
from morrow.tool.deliver.progress import LASTS, Blocked, Progress
from morrow.tool.deliver.way_back import WayBack
from morrow.tool.diagnose.awaited import AFTER_ROLLBACK, in_vain, is_settled, waits_in_vain
from morrow.tool.diagnose.deployment import rolled_out
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.job import ended_badly
from morrow.tool.diagnose.unknown import stuck
from morrow.tool.diagnose.view import WAIT, Finding, View
from morrow.tool.programs import runner
from morrow.tool.programs.kubectl import Kubectl

PERIOD = 2.0  # seconds between two looks
BEYOND = 3  # of so many looks one goes beyond the namespace
HEALED = 10.0  # seconds without any finding after which nothing is waited for any more
MOST_BACKOFF = 130.0  # the kubelet waits up to 122 s before it tries a volume again


class Rollout:
    """A thread that looks at the objects of a release, says what it sees and judges it."""

    def __init__(
        self,
        kubectl: Kubectl,
        place: Place,
        *,
        interrupt: bool,
        applied: Callable[[], list[Json]] = list,
        awaited: Callable[[], list[Json]] = list,
    ) -> None:
        """`interrupt`: at a fault, stop helm, which rolls back then; `applied`: what it applies.

        `awaited`: all of which must be ready before who applies goes on.
        """
        self._applied, self._awaited = applied, awaited
        self._kubectl = kubectl
        self._place = place
        self._interrupt = interrupt
        self._began = time.monotonic()
        self._jobs = self._known = frozenset[str]()
        self._waited = self._began  # when something was waited for last
        self._first_seen: dict[tuple[str, str], float] = {}
        self._looks = 0
        self._blocked = Blocked(kubectl)
        self._beyond: dict[str, tuple[Json, ...]] = {}
        self._templates: list[str] = []  # those of the release, in the order in which they came
        self._back = False
        self._progress = Progress(kubectl)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollout", daemon=True)
        self.view = View()  # the last look
        self.fault: Problem | None = None
        self.waiting: Problem | None = None

    def __enter__(self) -> Self:
        view = patiently(self._look)
        told = (one.get("involvedObject") or {} for one in view.events)
        self._jobs = frozenset([*map(uid, view.jobs), *(str(one.get("uid")) for one in told)])
        self._known = self._jobs | frozenset(map(uid, (*view.replicasets, *view.pods)))
        self._progress.begin(view, self._known)
        self._goes_back(view)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def settled(self, patience: float) -> Problem | None:
        """Wait, once all pods are ready, until they have replaced the old ones for good.

        That is later by the seconds for which a pod must stay ready. Who applies has ended, so
        what stands in the way is returned, for the caller to take back.
        """
        self.end()
        self.fault = None  # of a look while it was still applied: it may have healed
        self._awaited = list
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            try:
                view = self._look()
            except Failure as failure:  # the API server is away for a moment
                if failure.interrupted or waited > patience:
                    raise
            else:
                if is_settled(view, self._place, self._known):
                    return None
                self._progress.show(view)
                self._blocked.free(view)
                if fault := self._judge(view) or self._late(view, patience, waited):
                    self._name(fault, view)
                    return self.fault
            time.sleep(PERIOD / 2)

    def look_for_job(self) -> None:
        """Look once more at what failed: who applies may know of its end before we do."""
        self.end()
        with suppress(Failure):
            view = self._look()
            told = ended_badly(view, self._place, self._known)
            if told and self.fault is None:
                self._name(told[0], view)

    def _late(self, view: View, patience: float, waited: float) -> Problem | None:
        """Return that it takes too long: longer than one pod must stay ready, and all patience."""
        stay = [float(spec_of(one).get("minReadySeconds") or 0) for one in view.workloads]
        if waited <= patience + max([*stay, LASTS]):
            return None
        return self.waiting or stuck(view, self._place, waited)

    def end(self) -> None:
        """Watch no longer, and stop no helm."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> View:
        view = look(self._kubectl, self._place)
        if self._looks % BEYOND == 0:
            self._beyond = look_beyond(self._kubectl, view)
        self._looks += 1
        around = {**view.around, **self._beyond}
        view = dataclasses.replace(view, around=around, declared=tuple(self._applied()))
        self.view = self._progress.remember(view)
        return self.view

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as unexpected:  # who applies goes on, and judges by itself
            if os.environ.get("MORROW_TRACEBACK"):
                raise
            name = type(unexpected).__name__
            said = f"the pods are watched no longer: {name} (MORROW_TRACEBACK=1 shows where)"
            terminal.warn(said)

    def _watch(self) -> None:
        while not self._stop.wait(PERIOD):
            try:
                view = self._look()
            except Failure as failure:
                # The API server is away for a moment; helm judges whether for too long.
                terminal.status(f"waiting for the API server: {failure.problems[0].cause}")
                continue
            self._progress.show(view)
            self._blocked.free(view)
            if (fault := self._judge(view)) is not None:
                try:
                    self._name(fault, view)
                finally:
                    if self._interrupt:
                        self._end_helm()
                return

    def _name(self, fault: Problem, view: View) -> None:
        """Keep the fault with what the pod itself tells of it, and say it."""
        self.fault = fault
        try:
            if len(self._templates) > 1:  # else ours is not applied yet
                self.fault = fault = by_another(self._applied(), view, self._place) or fault
            with suppress(Failure):  # it counts, also when no more can be learnt of it
                self.fault = explain(fault, view, self._kubectl, self._place)
        finally:
            said = self.fault or fault
            terminal.say(f"{said.code}: {said.object}: {said.cause}")

    def _end_helm(self) -> None:
        """Ask it to stop until it has ended: at first it may only be about to begin."""
        if not self._stop.is_set():
            terminal.say("stopping helm")
        way = WayBack(self._place, closed=waits_in_vain(self._applied(), AFTER_ROLLBACK))
        while not self._stop.is_set():
            if runner.stop("helm", kill=way.is_closed) and way.is_closed:
                return  # the helm that comes now puts right what this one left
            with suppress(Failure):  # the next look tries again
                self._blocked.free(self._look())
                way.look(self.view)
            self._stop.wait(PERIOD)

    def _judge(self, view: View) -> Problem | None:
        """Return the first finding that has lasted as long as it must."""
        if self._goes_back(view):
            return None
        now = time.monotonic()
        healing = now - self._began < MOST_BACKOFF
        # What was there may heal; a Job that has failed never does, and is not of this release.
        known = self._known if healing else self._jobs
        findings = [one for one in diagnose(view, self._place, known) if not one.beside]
        findings += in_vain(view, self._place, self._awaited(), self._known)
        seen = {finding.key: self._first_seen.get(finding.key, now) for finding in findings}
        self._first_seen = seen
        self._keep(findings, view, now)
        ripe = (f for f in findings if f.hold != WAIT and now - seen[f.key] >= f.hold)
        return next((finding.problem for finding in ripe), None)

    def _keep(self, findings: list[Finding], view: View, now: float) -> None:
        """Keep what is waited for; it is said as the cause when the time is over."""
        # What was waited for last stays: when the time is over, all is taken away bit by bit.
        if findings:
            self.waiting, self._waited = findings[0].problem, now
            since = now - self._first_seen[findings[0].key]
            self._progress.waits(self.waiting, since, now - self._began)
        elif not all(rolled_out(one, view) for one in view.workloads):
            self.waiting, self._waited = stuck(view, self._place, now - self._began), now
            self._progress.waits(self.waiting, now - self._began, now - self._began)
        elif view.workloads and now - self._waited > HEALED:
            self.waiting = None  # it has healed: what helm waits for now is something else

    def _goes_back(self, view: View) -> bool:
        """Whether helm has begun to roll back: then pods are of the release before, not of ours.

        What others add to a template, and workloads that are applied one by one, are no way back.
        """
        template = repr([spec_of(one).get("template") for one in view.workloads])
        if template not in self._templates[-1:]:
            self._back = self._back or template in self._templates
            self._templates.append(template)
        return self._back
