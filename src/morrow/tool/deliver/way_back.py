"""Whether Helm's way back has an end: it waits for pods, also for those that never come.

Somebody who changes them all the time, or what has gone since, would hold it for all its time.
"""

from __future__ import annotations

import time

from morrow.tool.base.terminal import terminal
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import HEALS_OFTEN, View

LASTS = 60.0  # seconds in which what was put back has begun to serve


class WayBack:
    """What the looks tell since Helm was asked to stop."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._since = time.monotonic()  # when nothing was wrong last
        self.is_closed = False

    def look(self, view: View) -> None:
        """Take a look into account: a fault that stays as long as this does not heal."""
        found = [one for one in diagnose(view, self._place) if not one.beside]
        now, wrong = time.monotonic(), [one for one in found if one.hold <= HEALS_OFTEN]
        if not wrong:
            self._since = now
        elif now - self._since > LASTS and not self.is_closed:
            self.is_closed = True
            told = wrong[0].problem
            terminal.say(f"  not waited for any longer: {told.object}: {told.cause}")
