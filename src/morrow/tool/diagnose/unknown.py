"""What can be said of a rollout that stands still and fits no rule: what is seen, and no more."""

from __future__ import annotations

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import (
    conditions_of,
    is_ending,
    is_ready,
    spec_of,
    status_of,
    title,
)
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import last_lines, pod_state
from morrow.tool.diagnose.deployment import awaited_pods
from morrow.tool.diagnose.pod import unfinished
from morrow.tool.diagnose.view import View, events_of, look_at, new_pods, newest_replicaset


def stuck(view: View, place: Place, seconds: float) -> Problem:
    """Name the object that stands still, with its last condition, event and log lines."""
    item = _stuck_item(view, place)
    after = f"not rolled out after {seconds:.0f} s, and no known fault fits"
    if item is None:
        where = f"release {place.name}"
        return place.problem("rollout-slow", where, after, look=f"{place.kubectl} get all")
    lines = []
    conditions = conditions_of(status_of(item)).values()
    if wrong := [one for one in conditions if one.get("status") != "True"]:
        lines.append(f"condition {_condition(wrong[0])}")
    if events := events_of(view, item):
        lines.append(f"event {events[0].get('reason')}: {events[0].get('message')}")
    if item["kind"] == "Pod":
        lines += last_lines(item, view)[-10:]
        ends = item["metadata"].get("deletionTimestamp")
        state = f"it has until {ends} to end, and a new one waits for it" if ends else ""
        after = f"{state or pod_state(item, view)}; {after}"
    cause = f"{after}: this is not sure, it is what stands still"
    look = look_at(item, place)
    return place.problem("rollout-slow", title(item), cause, tuple(lines), look=look)


def _stuck_item(view: View, place: Place) -> Json | None:
    for pod in (*new_pods(view), *unfinished(view, place, ())):
        if not is_ready(pod):
            return pod
    if ending := next(filter(is_ending, awaited_pods(view)), None):
        return ending
    for workload in view.workloads:
        status = status_of(workload)
        if status.get("availableReplicas", 0) < spec_of(workload).get("replicas", 1):
            return newest_replicaset(view, workload) or workload
    return next(iter(view.workloads), None)


def _condition(condition: Json) -> str:
    said = " ".join(str(condition.get("message") or "").split())
    return f"{condition['type']}={condition.get('status')} {condition.get('reason', '')} {said}"
