"""From what Kubernetes says of a release to one named cause.

Everything here is pure: a `View` of the objects goes in, findings come out, the gravest first.
A finding says how long it must last before it counts as a fault: 0 for what Kubernetes itself
calls final, some seconds for what often heals, `WAIT` for what only explains why one waits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.deployment import deadline_over
from morrow.tool.diagnose.kinds import JUDGES
from morrow.tool.diagnose.view import WAIT, Finding, View, age_of, event_time, new_pods


def diagnose(view: View, place: Place, known: Collection[str] = ()) -> list[Finding]:
    """Return every finding about the newest pods and the hook Jobs, the gravest first.

    What stands in `known` by its uid is left out: it was there before, and what is wrong with it
    may just be fixed.
    """
    # What is beside the pods stands in the order of the judges: what explains more comes first.
    found = sorted(
        _findings(view, place, known), key=lambda one: (one.beside, 0 if one.beside else one.hold)
    )
    if deadline_over(view) is None:
        return found
    # Kubernetes itself has given up waiting: what only explained the wait is the fault.
    return [one if one.beside else dataclasses.replace(one, hold=0.0) for one in found]


def diagnose_once(view: View, place: Place) -> list[Finding]:
    """Return what a single look can tell: nothing for which the youngest pod is too young."""
    ages = [age_of(pod["metadata"]["creationTimestamp"]) for pod in new_pods(view)]
    # The cluster's clock may be ahead of ours: at least as far as what it wrote last.
    # What a node wrote tells the clock of that node.
    events = [one for one in view.events if not (one.get("source") or {}).get("host")]
    stamps = [age_of(event_time(one)) for one in events if event_time(one)]
    age = max(0.0, min(ages, default=WAIT) - min([*stamps, 0.0]))
    found = [one for one in diagnose(view, place) if not one.fresh]
    return [one for one in found if one.beside or one.hold == WAIT or one.hold <= age]


def _findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    for judge in JUDGES:
        yield from judge.findings(view, place, known)
