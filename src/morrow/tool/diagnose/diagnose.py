"""From what Kubernetes says of a release to one named cause.

Everything here is pure: a `View` of the objects goes in, findings come out, the gravest first.
A finding says how long it must last before it counts as a fault: 0 for what Kubernetes itself
calls final, some seconds for what often heals, `WAIT` for what only explains why one waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.pod import pod_findings
from morrow.tool.diagnose.refused import refused_findings
from morrow.tool.diagnose.view import (
    WAIT,
    Finding,
    Json,
    View,
    age_of,
    events_of,
    last_lines,
    new_pods,
    newest_replicaset,
    owned,
    uid,
)


def diagnose(view: View, place: Place, known: Collection[str] = ()) -> list[Finding]:
    """Return every finding about the newest pods and the hook Jobs, the gravest first.

    What stands in `known` by its uid is left out: it was there before, and what is wrong with it
    may just be fixed.
    """
    return sorted(_findings(view, place, known), key=lambda finding: finding.hold)


def diagnose_once(view: View, place: Place) -> list[Finding]:
    """Return what a single look can tell: nothing for which the youngest pod is too young."""
    ages = [age_of(pod["metadata"]["creationTimestamp"]) for pod in new_pods(view)]
    age = max(0.0, min(ages, default=WAIT))  # the cluster's clock may be ahead
    return [f for f in diagnose(view, place) if f.hold == WAIT or f.hold <= age]


def _findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    newest = newest_replicaset(view)
    if newest is not None and uid(newest) not in known:
        yield from refused_findings(newest, events_of(view, newest), place)
    for pod in new_pods(view):
        if uid(pod) not in known:
            yield from pod_findings(pod, view, place)
    for job in view.jobs:
        if uid(job) in known or job["metadata"].get("ownerReferences"):
            continue  # a CronJob's Jobs are no part of a rollout
        yield from refused_findings(job, events_of(view, job), place)
        pods = owned(view.pods, job)
        found = [f for pod in pods for f in pod_findings(pod, view, place, is_job=True)]
        yield from found
        failed = _job_failed(job, pods, view, place)
        if failed and not any(finding.hold == 0 for finding in found):
            yield failed


def _job_failed(job: Json, pods: list[Json], view: View, place: Place) -> Finding | None:
    conditions = (job.get("status") or {}).get("conditions") or []
    failed = next((c for c in conditions if c["type"] == "Failed" and c["status"] == "True"), None)
    if failed is None:
        return None
    lines = [line for pod in pods for line in last_lines(pod, view)]
    name = job["metadata"]["name"]
    return Finding(
        place.problem(
            "job-failed",
            f"Job {name}",
            f"the Job ended with {failed.get('reason')}: {failed.get('message')}",
            tuple(lines[-10:]),
        )
    )
