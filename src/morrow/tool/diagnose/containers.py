"""The containers of a pod: what is wanted of each, how it ended, what it wrote, how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import containers_of, is_true, status_of
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.view import View, events_of

WAITS = "waits: "


@dataclass(frozen=True)
class Container:
    """One container as it is judged: its status, and where more is known of it."""

    status: Json
    pod: Json
    view: View
    place: Place

    @property
    def where(self) -> str:
        """Name it in messages."""
        return f"Pod {self.pod['metadata']['name']}, container {self.status['name']}"

    @property
    def spec(self) -> Json:
        """What is wanted of it."""
        return container_spec(self.pod, self.status)

    @property
    def state(self) -> Json:
        """Whether it waits, runs or has ended."""
        return self.status.get("state") or {}

    @property
    def is_init(self) -> bool:
        """Whether others start after it only."""
        return self.status["name"] in init_names(self.pod)

    @property
    def events(self) -> list[Json]:
        """What happened to its pod, and to no other container of it, the latest first."""
        own = f"{{{self.status['name']}}}"
        told = events_of(self.view, self.pod)
        return [one for one in told if own in one["involvedObject"].get("fieldPath", own)]

    @property
    def lines(self) -> tuple[str, ...]:
        """What it wrote last."""
        return tuple(last_lines(self.pod, self.view, self.status["name"]))

    def problem(self, code: str, cause: str, lines: tuple[str, ...] = (), **fields: str) -> Problem:
        """Make a problem whose fix can be typed for this container."""
        own = {"pod": self.pod["metadata"]["name"], "container": self.status["name"]}
        return self.place.problem(code, self.where, cause, lines, **own, **fields)


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
    status = status_of(pod)
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def restarts(pod: Json) -> int:
    """Return how often the containers of a pod were started again."""
    return sum(one.get("restartCount", 0) for one in container_statuses(pod))


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


def named_ports(pod: Json) -> dict[str, int]:
    """Return the numbers of the ports that a pod's containers name."""
    return _names(containers_of(pod["spec"]))


def _names(containers: list[Json]) -> dict[str, int]:
    ports = [port for one in containers for port in one.get("ports") or []]
    return {str(one["name"]): int(one["containerPort"]) for one in ports if one.get("name")}


def port_number(port: int | str, pod: Json, container: Json | None = None) -> int:
    """Return the number of a port that may be called by its name; 0 where none has that name.

    A probe means its own container's: another of the pod may use the same name.
    """
    own = _names([container] if container else [])
    return port if isinstance(port, int) else (named_ports(pod) | own).get(port, 0)


def container_spec(pod: Json, status: Json) -> Json:
    """Return the specification of the container that a status is about."""
    same = (one for one in containers_of(pod["spec"]) if one["name"] == status["name"])
    return next(same, {})


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
