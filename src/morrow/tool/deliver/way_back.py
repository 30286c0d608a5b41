"""Whether Helm's way back has an end: it waits for pods, also for those that never come.

Somebody who changes them all the time, or what has gone since, would hold it for all its time.
"""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.objects import spec_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import HEALS_OFTEN, View

LOOKS, CHANGES = 8, 2  # more changes of one in so many looks are somebody's who is at it
LASTS = 60.0  # seconds in which what was put back has begun to serve


class WayBack:
    """What the looks tell since Helm was asked to stop."""

    def __init__(self, place: Place, *, closed: bool = False) -> None:
        self._place = place
        self._since = self._began = time.monotonic()  # when nothing was wrong last
        self._seen: list[dict[str, tuple[object, object]]] = []  # generation and replicas
        self.is_closed = closed

    def look(self, view: View) -> None:
        """Take a look into account: a fault that stays as long as this does not heal."""
        found = [one for one in diagnose(view, self._place) if not one.beside]
        now, wrong = time.monotonic(), [one for one in found if one.hold <= HEALS_OFTEN]
        if not wrong:
            self._since = now
        if wrong and now - self._since > LASTS:
            self._close(f"{wrong[0].problem.object}: {wrong[0].problem.cause}")
        elif self._is_restless(view) and now - self._began > LASTS:
            self._close("somebody changes it again and again")

    def _is_restless(self, view: View) -> bool:
        """Whether many of the last looks found one changed: Helm puts it back once.

        What changes its replicas alone is an autoscaler.
        """
        now = {
            title(one): (one["metadata"].get("generation"), spec_of(one).get("replicas"))
            for one in view.workloads
        }
        self._seen = [*self._seen[-LOOKS:], now]
        changes = Counter(
            name
            for before, after in pairwise(self._seen)
            for name, (generation, replicas) in after.items()
            if name in before and before[name][0] != generation and before[name][1] == replicas
        )
        return max(changes.values(), default=0) > CHANGES

    def _close(self, why: str) -> None:
        if not self.is_closed:
            terminal.say(f"  not waited for any longer: {why}")
        self.is_closed = True
