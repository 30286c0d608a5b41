"""What the probes say of a container that runs: never ready, ended by them, ready and not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.base.errors import Problem
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_spec, init_names, last_lines
from morrow.tool.diagnose.view import WAIT, Finding, Json, View, events_of

FALLS = 3  # so often a pod may be ready and fall, until it counts as one that does not last
_REFUSED = re.compile(r"connection refused|connect: refused", re.IGNORECASE)


def probe_findings(
    status: Json, where: str, pod: Json, view: View, place: Place
) -> Iterator[Finding]:
    """Yield what the kubelet's probes say of one container."""
    spec = container_spec(pod, status)
    if status["name"] in init_names(pod) and spec.get("restartPolicy") != "Always":
        yield from _init_runs(status, where, pod, view, place)
        return
    yield from _liveness(status, where, pod, view, place)
    yield from _never_ready(status, spec, where, pod, view, place)
    yield from _falls(status, where, pod, view, place)


def _init_runs(status: Json, where: str, pod: Json, view: View, place: Place) -> Iterator[Finding]:
    if "running" not in (status.get("state") or {}):
        return
    lines = tuple(last_lines(pod, view, status["name"])[-10:])
    cause = "it has not ended, and the service starts after it only"
    yield Finding(_problem("init-hangs", where, cause, lines, pod, status, place), WAIT)


def _liveness(status: Json, where: str, pod: Json, view: View, place: Place) -> Iterator[Finding]:
    killed = liveness_killed(status, pod, view)
    if not killed:
        return
    lines = tuple(last_lines(pod, view, status["name"])[-10:])
    times = status.get("restartCount", 0)
    cause = f"its liveness probe failed and the node restarted it, {times} times: {killed}"
    found = _problem("liveness-failed", where, cause, lines, pod, status, place)
    yield Finding(found, 0 if times >= 2 else WAIT)


def liveness_killed(status: Json, pod: Json, view: View) -> str:
    """Return what the liveness probe got when it was what ended the container; "" else."""
    events = events_of(view, pod)
    words = f"Container {status['name']} failed liveness probe"
    if not any(words in str(event.get("message")) for event in events):
        return ""
    failed = (e for e in events if str(e.get("message")).startswith("Liveness probe"))
    return next((str(event["message"]) for event in failed), "it did not answer")


def _never_ready(
    status: Json, spec: Json, where: str, pod: Json, view: View, place: Place
) -> Iterator[Finding]:
    """Give a container that runs and is not ready until the end of its startup budget."""
    probed = spec.get("readinessProbe") or spec.get("startupProbe")
    if status.get("ready") or not probed:
        return
    events = events_of(view, pod)
    killed = any(
        event.get("reason") == "Killing" and "failed startup probe" in str(event.get("message"))
        for event in events
    )
    if not killed and "running" not in (status.get("state") or {}):
        return
    unhealthy = (e for e in events if e.get("reason") == "Unhealthy")
    told = next((str(e["message"]) for e in unhealthy), "no probe was answered")
    budget = startup_budget(spec)
    code, cause = (
        "never-ready",
        f"it runs and is not ready (it has {budget:.0f} s): {told}",
    )
    answer = view.answers.get(pod["metadata"]["name"], "")
    if answer[:1].isdigit() and _REFUSED.search(told):
        code = "listens-locally"
        cause = f"{told}; inside the pod the same port answers {answer[:3]}"
        cause += ": the program listens on 127.0.0.1 only"
    elif answer:
        cause += f"; asked, it answers {answer}"
    lines = tuple(last_lines(pod, view, status["name"])[-10:])
    found = _problem(code, where, cause, lines, pod, status, place)
    yield Finding(found, 0 if killed else budget)


def _falls(status: Json, where: str, pod: Json, view: View, place: Place) -> Iterator[Finding]:
    falls = view.falls.get(pod["metadata"]["name"], 0)
    if not falls:
        return
    unhealthy = (e for e in events_of(view, pod) if e.get("reason") == "Unhealthy")
    told = next((str(e["message"]) for e in unhealthy), "the kubelet does not say why")
    cause = f"it was ready and not ready again, {falls} times: {told}"
    found = _problem("readiness-flaps", where, cause, (), pod, status, place)
    yield Finding(found, 0 if falls >= FALLS else WAIT)


def startup_budget(container: Json) -> float:
    """Return the seconds that a container's own probes give it until it must be ready."""
    budget = 0.0
    for name, usual in (("startupProbe", 0.0), ("readinessProbe", 30.0)):
        probe = container.get(name)
        if probe is None:
            budget += usual
            continue
        tries = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        budget += probe.get("initialDelaySeconds", 0) + tries
    return budget


def _problem(
    code: str, where: str, cause: str, lines: tuple[str, ...], pod: Json, status: Json, place: Place
) -> Problem:
    name, container = pod["metadata"]["name"], status["name"]
    return place.problem(code, where, cause, lines, pod=name, container=container)
