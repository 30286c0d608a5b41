"""What the probes say of a container that runs: never ready, ended by them, ready and not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morrow.tool.base.outcome import Json
from morrow.tool.diagnose.containers import Container, port_number
from morrow.tool.diagnose.view import WAIT, Finding

READY = ("Readiness", "Startup")
FALLS = 3  # so often a pod may be ready and fall, until it counts as one that does not last
FALLEN = 30.0  # seconds in which a pod that was ready may be so again
_REFUSED = re.compile(r"connection refused|connect: refused", re.IGNORECASE)
_ASKED = re.compile(r'Get "(?P<url>(?P<kind>https?)://(\[[^]]*\]|[^":/]*)(:(?P<port>\d+))?[^"]*)"')


def probe_findings(container: Container) -> Iterator[Finding]:
    """Yield what the kubelet's probes say of one container."""
    if container.is_init and container.spec.get("restartPolicy") != "Always":
        if "running" in container.state:
            cause = "it has not ended, and the service starts after it only"
            yield Finding(container.problem("init-hangs", cause, container.lines[-10:]), WAIT)
        return
    yield from _liveness(container)
    yield from _never_ready(container)
    yield from _falls(container)


def _liveness(container: Container) -> Iterator[Finding]:
    if killed := liveness_killed(container):
        times = container.status.get("restartCount", 0)
        cause = f"its liveness probe failed and the node restarted it, {times} times: {killed}"
        problem = container.problem("liveness-failed", cause, container.lines[-10:])
        yield Finding(problem, 0 if times >= 2 else WAIT)


def liveness_killed(container: Container) -> str:
    """Return what the liveness probe got when it was what ended the container; "" else."""
    messages = [str(event.get("message")) for event in container.events]
    words = f"Container {container.status['name']} failed liveness probe"
    if not any(words in message for message in messages):
        return ""
    return unhealthy(container, ("Liveness",)) or "it did not answer"


def _never_ready(container: Container) -> Iterator[Finding]:
    """Give a container that runs and is not ready until the end of its startup budget."""
    spec = container.spec
    probed = spec.get("readinessProbe") or spec.get("startupProbe")
    if container.status.get("ready") or not probed:
        return
    killed = any(
        event.get("reason") == "Killing" and "failed startup probe" in str(event.get("message"))
        for event in container.events
    )
    if not killed and "running" not in container.state:
        return
    message, budget = unhealthy(container) or "no probe was answered", startup_budget(spec)
    # A pod that was ready had all its containers ready; one that was restarted since starts anew.
    fell = container.view.falls.get(container.pod["metadata"]["name"], 0)
    starts_anew = container.status.get("restartCount") or not container.status.get("started")
    code, cause = "never-ready", f"it runs and is not ready (it has {budget:.0f} s): {message}"
    if fell and not starts_anew:
        budget, cause = min(budget, FALLEN), f"it was ready, runs, and is not any more: {message}"
    answer = container.view.answers.get(container.pod["metadata"]["name"], "")
    if answer[:1] in ("", "3") and (led := _led_to(message, container)):
        cause += f"; it answers with a redirect, and the node follows it to {led}: let it answer"
        cause += " what the probe asks by itself"
    elif answer[:1].isdigit() and _REFUSED.search(message):
        code = "listens-locally"
        cause = f"{message}; inside the pod the same port answers {answer[:3]}"
        cause += ": the program listens on 127.0.0.1 only"
    elif answer:
        cause += f"; asked, it answers {answer}"
    problem = container.problem(code, cause, container.lines[-10:])
    yield Finding(problem, 0 if killed else budget)


def _led_to(message: str, container: Container) -> str:
    """Return where a redirect led the node when that is what failed: not what its probe asks."""
    got = _ASKED.search(message)
    kind = "startupProbe" if message.startswith("Startup") else "readinessProbe"
    get = (container.spec.get(kind) or {}).get("httpGet")
    if not (got and get):
        return ""
    port = port_number(get["port"], container.pod, container.spec)
    asked = (get.get("scheme", "HTTP").lower(), port)
    there = int(got["port"] or (443 if got["kind"] == "https" else 80))
    return "" if (got["kind"], there) == asked else got["url"]


def _falls(container: Container) -> Iterator[Finding]:
    if falls := container.view.falls.get(container.pod["metadata"]["name"], 0):
        why = unhealthy(container) or "the kubelet does not say why"
        cause = f"it was ready and not ready again, {falls} times: {why}"
        problem = container.problem("readiness-flaps", cause)
        yield Finding(problem, 0 if falls >= FALLS else WAIT)


def unhealthy(container: Container, kinds: tuple[str, ...] = READY) -> str:
    """Return what the last probe of these kinds got that failed: by default those of readiness."""
    messages = (str(e.get("message")) for e in container.events if e.get("reason") == "Unhealthy")
    return next((one for one in messages if one.startswith(kinds)), "")


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
