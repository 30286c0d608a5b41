"""The containers of a pod: what is wanted of each, how it ended, and what it wrote last."""

from __future__ import annotations

from morrow.tool.diagnose.view import Json, View


def last_lines(pod: Json, view: View, container: str = "") -> list[str]:
    """Return the last lines of a pod's containers: from the log, else the termination message."""
    lines: list[str] = []
    for status in container_statuses(pod):
        if container and status["name"] != container:
            continue
        log = view.logs.get(f"{pod['metadata']['name']}/{status['name']}", "")
        ended = terminated(status) or {}
        lines += (log or ended.get("message") or "").strip().splitlines()
    return lines


def container_statuses(pod: Json) -> list[Json]:
    """Return the statuses of a pod's init containers, then those of the others."""
    status = pod.get("status") or {}
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def terminated(status: Json) -> Json | None:
    """Return how a container ended last: now, or before its present start."""
    for state in ("state", "lastState"):
        ended: Json | None = (status.get(state) or {}).get("terminated")
        if ended:
            return ended
    return None


def init_names(pod: Json) -> set[str]:
    """Return the names of a pod's init containers."""
    return {str(c["name"]) for c in pod["spec"].get("initContainers") or []}


def container_spec(pod: Json, status: Json) -> Json:
    """Return the specification of the container that a status is about."""
    spec = pod["spec"]
    for container in (spec.get("initContainers") or []) + spec["containers"]:
        if container["name"] == status["name"]:
            return dict(container)
    return {}
