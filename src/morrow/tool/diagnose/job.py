"""Why a Job of the release does not end well."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    COMPONENT,
    HOOK,
    TASK,
    age_of,
    annotations_of,
    condition_of,
    is_of,
    is_true,
    labels_of,
    last_part,
    owned,
    status_of,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import last_lines
from morrow.tool.diagnose.pod import hook_findings, pod_findings
from morrow.tool.diagnose.refused import refused_findings
from morrow.tool.diagnose.view import Finding, View, events_of

UNSEEN = 40.0
TELLING = ("out-of-memory", "pod-evicted")  # of a Job that has failed these say more than itself
# Not WAIT: a single look at a Job that takes its time finds nothing wrong with it.
EXPLAINS = 1e9
FOUND = 60  # seconds for which an ended Job must stay, to be found by who waits for it
FAILS = ("BackoffLimitExceeded", "DeadlineExceeded", "FailedIndexes", "PodFailurePolicy")
SLOW = 20.0  # seconds from which a Job that runs is said to be waited for


def job_findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield what keeps each Job that is new from its end."""
    yield from _vanished(view, place, known)
    for job in view.jobs:
        if uid(job) in known or job["metadata"].get("ownerReferences"):
            continue  # a CronJob's Jobs are no part of a rollout
        if not is_of(job, place.name):
            continue  # a neighbour's
        if labels_of(job).get(COMPONENT) == TASK:
            continue
        yield from refused_findings(job, events_of(view, job), place)
        pods = owned(view.pods, job)
        of_pod = {uid(pod): list(pod_findings(pod, view, place, is_job=True)) for pod in pods}
        found = [one for told in of_pod.values() for one in told]
        lines = tuple(line for pod in pods for line in last_lines(pod, view))[-10:]
        failed = _failed(job, lines, place)
        if failed and pods:
            last = max(pods, key=lambda one: str(one["metadata"]["creationTimestamp"]))
            if told := [one for one in of_pod[uid(last)] if one.problem.code in TELLING]:
                found = [dataclasses.replace(told[0], hold=0.0)]
        yield from found
        if failed and not any(finding.hold == 0 for finding in found):
            yield failed
        yield from _unseen(job, place)
        yield from _runs(job, pods, lines, place)


def vanishes(job: Json) -> bool:
    """Whether it is taken away as soon as it has ended: who waits for its end may find nothing."""
    kept = job["spec"].get("ttlSecondsAfterFinished") if job["kind"] == "Job" else None
    return kept is not None and int(kept) < FOUND


def running(view: View, known: Collection[str]) -> list[Json]:
    """Return the Jobs of what was applied, without hooks, that have not ended.

    One that was held before rests; a new one is judged as any.
    """
    made = [one for one in view.declared if HOOK not in annotations_of(one)]
    names = {one["metadata"]["name"] for one in made if one["kind"] == "Job"}
    mine = [job for job in view.jobs if job["metadata"]["name"] in names and not _ended(job)]
    return [job for job in mine if not (is_held(job) and uid(job) in known)]


def is_held(job: Json) -> bool:
    """Whether it makes no pod until somebody lets it."""
    return bool(job["spec"].get("suspend")) or job["spec"].get("parallelism") == 0


def _ended(job: Json) -> bool:
    return is_true(job, "Complete") or is_true(job, "Failed")


def ended_badly(view: View, place: Place, known: Collection[str]) -> list[Problem]:
    """Return what is final of the new Jobs and Helm's steps, also of Jobs that are gone."""
    found = (*job_findings(view, place, known), *hook_findings(view, place, known))
    return [one.problem for one in found if one.hold == 0]


def _vanished(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    """Yield Jobs that failed and are gone: their events alone still tell."""
    names = {one["metadata"]["name"] for one in view.declared if vanishes(one)}
    for event in view.events:
        about = event.get("involvedObject") or {}
        new = about.get("uid") not in (*known, *map(uid, view.jobs))
        failed = about.get("kind") == "Job" and event.get("reason") in FAILS
        if failed and new and about["name"] in names:
            cause = f"the Job ended with {event['reason']}: {event.get('message')}"
            yield Finding(place.problem("job-failed", f"Job {about['name']}", cause))


def _failed(job: Json, lines: tuple[str, ...], place: Place) -> Finding | None:
    failed = condition_of(job, "Failed")
    if failed.get("status") != "True":
        return None
    cause = f"the Job ended with {failed.get('reason')}: {failed.get('message')}"
    where = f"Job {job['metadata']['name']}"
    return Finding(place.problem("job-failed", where, cause, lines))


def _runs(job: Json, pods: list[Json], lines: tuple[str, ...], place: Place) -> Iterator[Finding]:
    """Yield a Job that has not ended: it becomes the verdict only when the time is over."""
    status, name = status_of(job), job["metadata"]["name"]
    began = status.get("startTime")
    if not status.get("active") or not began or (seconds := age_of(began)) < SLOW:
        return
    cause = f"it has not ended, after {seconds:.0f} s, and what comes after waits for it"
    if lines:
        cause += f"; its last line: {last_part(lines[-1])}"
    cause += next(filter(None, map(_left_running, pods)), "")
    yield Finding(place.problem("job-slow", f"Job {name}", cause, lines), EXPLAINS)


def _left_running(pod: Json) -> str:
    """Say which containers keep a pod from its end when others have ended well."""
    states = {
        one["name"]: one.get("state") or {} for one in status_of(pod).get("containerStatuses") or ()
    }
    ended = [
        name for name, one in states.items() if (one.get("terminated") or {}).get("exitCode") == 0
    ]
    runs = [name for name, one in states.items() if "running" in one]
    if not (ended and runs):
        return ""
    said = f"; container {', '.join(ended)} has ended well, and {', '.join(runs)} runs on: what"
    return f"{said} only goes with it belongs among the init containers, with restartPolicy: Always"


def _unseen(job: Json, place: Place) -> Iterator[Finding]:
    """Yield a Job that nobody runs: suspended, or left to a controller that is not there."""
    spec, status, name = job["spec"], status_of(job), job["metadata"]["name"]
    if spec.get("suspend"):
        cause = "it is suspended, and runs only when somebody lets it go"
    elif spec.get("parallelism") == 0 and not _ended(job):
        cause = "its parallelism is 0: no pod of it runs until somebody raises that"
    elif not status.get("startTime") and not status.get("conditions"):
        cause = f"no controller has looked at it; it is for {spec.get('managedBy', 'Kubernetes')}"
    else:
        return
    yield Finding(place.problem("job-suspended", f"Job {name}", cause), UNSEEN)
