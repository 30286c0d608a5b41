"""How far a pod is, in a few words."""

from __future__ import annotations

from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import is_true, status_of
from morrow.tool.diagnose.containers import container_spec, container_statuses, init_names
from morrow.tool.diagnose.view import View, events_of

WAITS = "waits: "


def pod_state(pod: Json, view: View) -> str:
    """Say in a few words how far a pod is, with the event that explains a wait."""
    if status_of(pod).get("phase") == "Succeeded":
        return "done"
    if not is_true(pod, "PodScheduled"):
        return "waits for a node"
    if is_true(pod, "Ready"):
        return "ready"
    running = [s for s in container_statuses(pod) if "running" in (s.get("state") or {})]
    if running:
        first = running[0]
        is_init = first["name"] in init_names(pod)
        if is_init and container_spec(pod, first).get("restartPolicy") != "Always":
            return f"init container {first['name']} runs"
        if any(one["name"] not in init_names(pod) for one in running):
            return "runs, not ready yet"
    events = events_of(view, pod)
    if events and events[0].get("type") == "Warning":
        message = " ".join(str(events[0].get("message", "")).split())
        return f"{WAITS}{message[:160]}"
    seen = {event.get("reason"): event for event in reversed(events)}
    if "Pulling" in seen and "Pulled" not in seen:
        return f"pulls the image ({seen['Pulling'].get('message', '')})"
    return "starts"
