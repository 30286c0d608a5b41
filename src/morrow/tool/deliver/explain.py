"""What only the pod itself can tell of a fault: its last log lines, and what its probe answers."""

from __future__ import annotations

import dataclasses

from morrow.tool.base.errors import Problem
from morrow.tool.base.outcome import Json
from morrow.tool.cluster.objects import KEEPERS, status_of, title
from morrow.tool.cluster.place import Place
from morrow.tool.diagnose.containers import container_statuses, port_number
from morrow.tool.diagnose.declared import difference
from morrow.tool.diagnose.diagnose import diagnose
from morrow.tool.diagnose.view import View
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import ask

PROBES = ("readinessProbe", "startupProbe")
LOST = "unable to retrieve container logs for "  # the node's word in place of a log it threw away
RUNS = ("never-ready", "readiness-flaps", "init-hangs", "listens-locally")  # its log is the present


def explain(problem: Problem, view: View, kubectl: Kubectl, place: Place) -> Problem:
    """Add to a finding what its pod tells; the code may become a closer one."""
    parts = problem.object.removeprefix("Pod ").split(", container ")
    pod = next((p for p in view.pods if p["metadata"]["name"] == parts[0]), None)
    if pod is None or len(parts) != 2:
        return problem
    logs, answers = dict(view.logs), dict(view.answers)
    if not problem.details:
        logs[f"{parts[0]}/{parts[1]}"] = last_log(
            kubectl, *parts, previous=problem.code not in RUNS
        )
    if problem.code == "never-ready":
        answers[parts[0]] = _probe_answer(pod, parts[1], kubectl)
    richer = dataclasses.replace(view, logs=logs, answers=answers)
    codes = (problem.code, "listens-locally", "image-wrong-platform", "command-not-found")
    same = [f.problem for f in diagnose(richer, place) if f.problem.object == problem.object]
    closest = [one for code in codes[::-1] for one in same if one.code == code]
    return next(iter(closest), problem)


def by_another(applied: list[Json], view: View, place: Place) -> Problem | None:
    """Return that somebody put another image or command in place of ours: no fault of it."""
    wanted = {title(one): one for one in applied if one["kind"] in KEEPERS}
    for live in view.workloads:
        mine = wanted.get(title(live))
        if mine is not None and (said := difference(mine, live)):
            return place.problem("release-overwritten", title(live), said)
    return None


def last_log(kubectl: Kubectl, pod: str, container: str, *, previous: bool = False) -> str:
    """Return the last lines that a container wrote, of its life before this one if wanted."""
    words = ["logs", pod, "-c", container, "--tail=20"]
    done = kubectl.run(*words, *(["--previous"] if previous else []), timeout=10)
    if previous and (done.code or done.out.startswith(LOST)):
        done = kubectl.run(*words, timeout=10)
    return "" if done.code or done.out.startswith(LOST) else done.out


def host_of(pod: Json, port: int) -> str:
    """Return the name by which the node asks: some answer to the names that they know alone."""
    address = status_of(pod).get("podIP") or ""
    return f"[{address}]:{port}" if ":" in address else address and f"{address}:{port}"


def _probe_answer(pod: Json, container: str, kubectl: Kubectl) -> str:
    """Ask the pod what the kubelet asks it, because the kubelet keeps no body."""
    spec: Json = next((one for one in pod["spec"]["containers"] if one["name"] == container), {})
    statuses = container_statuses(pod)
    begun = any(one["name"] == container and one.get("started") for one in statuses)
    kinds = PROBES if begun else PROBES[::-1]  # who has not started is asked by startup alone
    probe: Json = next(filter(None, map(spec.get, kinds)), {})
    get = probe.get("httpGet") or probe.get("tcpSocket")
    if get is None or get.get("scheme") == "HTTPS":
        return ""
    port = port_number(get["port"], pod, spec)
    named = [one["value"] for one in get.get("httpHeaders") or [] if one["name"] == "Host"]
    host = named[0] if named else host_of(pod, port)
    answer = ask(kubectl, f"pod/{pod['metadata']['name']}", port, get.get("path", "/"), host)
    late = f" after {answer.seconds:.0f} s" if answer.status and answer.seconds >= 1 else ""
    return f"{answer}{late}"
