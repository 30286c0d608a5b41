"""From what Kubernetes says of a release to one named cause.

Everything here is pure: a `View` of the objects goes in, findings come out, the gravest first.
A finding says how long it must last before it counts as a fault: 0 for what Kubernetes itself
calls final, some seconds for what often heals, `WAIT` for what only explains why one waits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator

from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.autoscaler import autoscaler_findings
from morrow.tool.diagnose.containers import last_lines
from morrow.tool.diagnose.deployment import deadline_over, old_pod_findings, paused_findings
from morrow.tool.diagnose.ingress import ingress_findings
from morrow.tool.diagnose.node import node_findings
from morrow.tool.diagnose.pod import pod_findings
from morrow.tool.diagnose.refused import refused_findings
from morrow.tool.diagnose.route import route_findings
from morrow.tool.diagnose.service import service_findings
from morrow.tool.diagnose.view import (
    WAIT,
    Finding,
    Json,
    View,
    age_of,
    events_of,
    new_pods,
    newest_replicaset,
    owned,
    uid,
)
from morrow.tool.diagnose.volume import volume_findings

# Who judges what a release depends on beside its pods, each a file of its own.
AROUND: tuple[Callable[[View, Place], Iterator[Finding]], ...] = (
    paused_findings,
    volume_findings,
    service_findings,
    route_findings,
    ingress_findings,
    autoscaler_findings,
    old_pod_findings,
)


def diagnose(view: View, place: Place, known: Collection[str] = ()) -> list[Finding]:
    """Return every finding about the newest pods and the hook Jobs, the gravest first.

    What stands in `known` by its uid is left out: it was there before, and what is wrong with it
    may just be fixed.
    """
    found = sorted(_findings(view, place, known), key=lambda one: (one.beside, one.hold))
    if deadline_over(view) is None:
        return found
    # Kubernetes itself has given up waiting: what only explained the wait is the fault.
    return [one if one.beside else dataclasses.replace(one, hold=0.0) for one in found]


def diagnose_once(view: View, place: Place) -> list[Finding]:
    """Return what a single look can tell: nothing for which the youngest pod is too young."""
    ages = [age_of(pod["metadata"]["creationTimestamp"]) for pod in new_pods(view)]
    age = max(0.0, min(ages, default=WAIT))  # the cluster's clock may be ahead
    return [f for f in diagnose(view, place) if f.beside or f.hold == WAIT or f.hold <= age]


def _findings(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
    yield from node_findings(view, place)  # first: it explains much of the rest
    for workload in view.workloads:
        newest = newest_replicaset(view, workload)
        owner = workload if workload.get("kind") == "StatefulSet" else newest
        if owner is not None and uid(owner) not in known:
            yield from refused_findings(owner, events_of(view, owner), place)
    for pod in new_pods(view):
        if uid(pod) not in known:
            yield from pod_findings(pod, view, place)
    yield from _jobs(view, place, known)
    for findings_of in AROUND:
        yield from findings_of(view, place)


def _jobs(view: View, place: Place, known: Collection[str]) -> Iterator[Finding]:
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
