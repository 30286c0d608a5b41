"""Whether the runs of a CronJob can start, and whether they end well."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.base.schedule import is_never_due
from morrow.tool.cluster.objects import (
    age_of,
    condition_of,
    event_time,
    is_true,
    owned,
    spec_of,
    status_of,
    template_of,
    title,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import last_lines
from morrow.tool.diagnose.declared import same_image
from morrow.tool.diagnose.pod import pod_findings
from morrow.tool.diagnose.refused import refused_findings
from morrow.tool.diagnose.view import WAIT, Finding, View, events_of

SETTLES = 10.0
FRESH = 120.0  # seconds: the controller tries again, and says so, while a run is due
NO_RUN = ("FailedCreate", "InvalidSchedule", "UnparseableSchedule", "UnParseableCronJobSchedule",
          "UnknownTimeZone", "TooManyMissedTimes", "FailedNeedsStart")  # fmt: skip
AGAIN = 2  # runs that failed one after the other: one may be bad luck
ENDED = ("Complete", "Failed")


def cron_findings(view: View, place: Place) -> Iterator[Finding]:
    """Yield what keeps the runs of each CronJob from their end; nothing is stopped because of it.

    A run of an earlier template tells nothing of the next one.
    """
    for cron in view.own("CronJob", place.name, place.namespace):
        for finding in _of_runs(cron, view, place):
            # What only explains a wait, as that for a new node, speaks against no deploy.
            waits = finding.hold == WAIT
            hold = SETTLES if waits else finding.hold
            yield dataclasses.replace(finding, beside=True, hold=hold, past=finding.past or waits)


def runs_of(cron: Json, view: View) -> list[Json]:
    """Return the Jobs that a CronJob made of its present template, the latest first."""
    wanted = _containers(cron)
    runs = [one for one in owned(view.jobs, cron) if _same(wanted, _containers(one))]
    return sorted(runs, key=lambda one: str(one["metadata"]["creationTimestamp"]), reverse=True)


def latest_end(cron: Json, view: View) -> Json | None:
    """Return the latest Job of it that has ended, well or not."""
    return next(iter(_ended(cron, view)), None)


def _ended(cron: Json, view: View) -> list[Json]:
    return [one for one in runs_of(cron, view) if _end(one)]


def _end(job: Json) -> str:
    return next((kind for kind in ENDED if is_true(job, kind)), "")


def _containers(owner: Json) -> list[Json]:
    found: list[Json] = template_of(owner)["spec"]["containers"]
    return found


def _same(wanted: list[Json], now: list[Json]) -> bool:
    """Whether a run does what the template says: clusters rewrite images, and add to the rest."""
    return len(wanted) == len(now) and all(
        same_image(str(one["image"]), str(other["image"]))
        and all(one.get(key) == other.get(key) for key in ("command", "args"))
        for one, other in zip(wanted, now, strict=True)
    )


def _of_runs(cron: Json, view: View, place: Place) -> Iterator[Finding]:
    yield from _unmade(cron, view, place)
    runs = runs_of(cron, view)
    for job in runs[:1]:
        if not _end(job):
            yield from refused_findings(job, events_of(view, job), place)
            # While a pod of it runs, or when it has ended, its Job tells.
            for pod in owned(view.pods, job):
                if status_of(pod).get("phase") == "Pending":
                    yield from pod_findings(pod, view, place, is_job=True)
    ended = _ended(cron, view)[:AGAIN]
    if len(ended) == AGAIN and all(_end(one) == "Failed" for one in ended):
        failed = condition_of(ended[0], "Failed")
        cause = f"its last {AGAIN} runs failed, the latest with {failed.get('reason')}:"
        cause += f" {failed.get('message')}"
        lines = [line for pod in owned(view.pods, ended[0]) for line in last_lines(pod, view)]
        told = place.problem("cron-failing", title(cron), cause, tuple(lines[-10:]))
        yield Finding(told, past=True)


def _unmade(cron: Json, view: View, place: Place) -> Iterator[Finding]:
    """Yield why no Job is made: its time never comes, or by its controller's latest word."""
    schedule = str(spec_of(cron).get("schedule", ""))
    if is_never_due(schedule) and not spec_of(cron).get("suspend"):
        cause = f"its schedule, {schedule}, names a day that never comes"
        yield Finding(place.problem("cron-unmade", title(cron), cause))
        return
    # Its controller looks a moment after a run is due.
    if spec_of(cron).get("startingDeadlineSeconds") == 0 and not spec_of(cron).get("suspend"):
        cause = "its startingDeadlineSeconds is 0: each run is too late as soon as it is due"
        yield Finding(place.problem("cron-unmade", title(cron), cause))
        return
    for event in events_of(view, cron)[:1]:
        if event.get("reason") in NO_RUN and age_of(event_time(event)) < FRESH:
            cause = f"no run is made of it, {event['reason']}: {event.get('message')}"
            yield Finding(place.problem("cron-unmade", title(cron), cause), past=True)
