"""What no probe has asked yet of pods that are ready: their liveness, the ports of their Services.

A wrong liveness path shows only when the node ends the pods, a minute later; a port on which nobody
listens only when somebody connects.
"""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from itertools import cycle

from morrow.tool.base.errors import Failure, Problem
from morrow.tool.base.outcome import Json
from morrow.tool.base.web import Answer
from morrow.tool.cluster.objects import (
    has_ended,
    is_ready,
    labels_of,
    spec_of,
    template_of,
    title,
    uid,
)
from morrow.tool.cluster.place import Place
from morrow.tool.deliver.explain import host_of
from morrow.tool.deliver.look import look, patiently
from morrow.tool.diagnose.containers import (
    Container,
    container_statuses,
    port_number,
    restarts,
    terminated,
)
from morrow.tool.diagnose.network import policies_of
from morrow.tool.diagnose.pod import alone, pod_findings
from morrow.tool.diagnose.probes import unhealthy
from morrow.tool.diagnose.refused import refusal
from morrow.tool.diagnose.view import View, new_pods
from morrow.tool.programs.kubectl import Kubectl
from morrow.tool.programs.port_forward import REFUSED, ask

OWN = "/livez"
# That the command itself failed, or is not there: not the way to it.
_ENDED = re.compile(r"command terminated with exit code|exec failed|failed to exec")

PATIENCE = 20.0  # seconds for what opens or warms up once the pod is ready, or leads
LONGEST = 15.0  # seconds until a probe's command is given up
MOST = 5  # pods that are asked for a port: only their leader may have opened it
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def unanswered(view: View, place: Place, kubectl: Kubectl) -> Iterator[Problem]:
    """Yield what a ready pod of each workload does not answer though it is to."""
    for workload in view.workloads:
        pods = [one for one in new_pods(view, workload) if is_ready(one)][:MOST]
        if not pods:
            continue
        for container in pods[0]["spec"]["containers"]:
            yield from _liveness(pods[0], container, place, kubectl)
        yield from _ports(pods, view, place, kubectl)


def _liveness(pod: Json, container: Json, place: Place, kubectl: Kubectl) -> Iterator[Problem]:
    probe = container.get("livenessProbe") or {}
    ways = ("httpGet", "tcpSocket", "exec")
    asks = {way: probe[way] for way in ways if probe.get(way)}
    ready = container.get("readinessProbe") or {}
    if not asks or asks.items() <= ready.items():
        return
    seconds = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
    # As long as the node bears it: what is there only after a while is good.
    patience = probe.get("initialDelaySeconds", 0) + seconds
    if command := (asks.get("exec") or {}).get("command"):
        said = _ends_badly(pod["metadata"]["name"], container["name"], probe, patience, kubectl)
        said = f"run, {shlex.join(command)} of its liveness probe fails: {said}" if said else ""
    else:
        said = _dead(pod, container, patience, place, kubectl)
    if said:
        where = f"Pod {pod['metadata']['name']}, container {container['name']}"
        cause = f"{said}: the node will restart it every {seconds} s"
        yield place.problem("liveness-failed", where, cause)


def _dead(pod: Json, container: Json, patience: float, place: Place, kubectl: Kubectl) -> str:
    """Return what a probe of HTTP or of a mere connection gets when that is no sign of life."""
    http = container["livenessProbe"].get("httpGet")
    get: Json = http or container["livenessProbe"]["tcpSocket"]
    # The kit's own is its affair; what asks for another host or by TLS cannot be asked like this.
    if get.get("path") == OWN or {"httpHeaders", "host"} & set(get):
        return ""
    if get.get("scheme") == "HTTPS" or not (port := port_number(get["port"], pod, container)):
        return ""
    until, path, bad = time.monotonic() + max(PATIENCE, patience), get.get("path", "/"), None
    while not bad or time.monotonic() <= until:
        answer = ask(kubectl, f"pod/{pod['metadata']['name']}", port, path, host_of(pod, port))
        if not (http and bad) or answer.status:  # else the node may be starting it anew
            if not (_refused(answer) or (http and answer.status >= 400)):
                return ""
            bad = answer
        time.sleep(1)
    # What listens at the pod's address alone refuses us, and answers the node: the node tells.
    if _refused(bad) and not _node_too(pod, container["name"], place, kubectl):
        return ""
    what = f"GET {path}" if http else f"port {port}"
    return f"asked, {what} of its liveness probe answers {bad}"


def _node_too(pod: Json, container: str, place: Place, kubectl: Kubectl) -> bool:
    """Whether the liveness probe of the node itself has failed."""
    view = patiently(lambda: look(kubectl, place))
    return bool(unhealthy(Container({"name": container}, pod, view, place), ("Liveness",)))


def _ends_badly(pod: str, container: str, probe: Json, patience: float, kubectl: Kubectl) -> str:
    """Return how a probe's command ends, run as the node runs it; "" also where we may not."""
    until, bad = time.monotonic() + max(PATIENCE, patience), ""
    command, gives = probe["exec"]["command"], probe.get("timeoutSeconds", 1)
    while True:
        said = _ended(pod, container, command, gives, kubectl)
        bad = bad if said is None else said  # not known: the node may start it anew
        if not bad or time.monotonic() > until:
            return bad
        time.sleep(1)


def _ended(
    pod: str, container: str, command: list[str], gives: float, kubectl: Kubectl
) -> str | None:
    """Return how a command fails, "" where it ends well, None where that is not known."""
    try:
        done = kubectl.run("exec", pod, "-c", container, "--", *command, timeout=LONGEST)
    except Failure as failure:
        if failure.interrupted:
            raise
        # It hangs, or the way to it does: another command tells.
        hangs = gives < LONGEST and _ended(pod, container, ["true"], LONGEST, kubectl) is not None
        return f"it did not end in {LONGEST:.0f} s, and is given {gives} s" if hangs else None
    if not done.code:
        return ""
    return done.last_error if _ENDED.search(done.err) else None


def _ports(pods: list[Json], view: View, place: Place, kubectl: Kubectl) -> Iterator[Problem]:
    """Yield ports of Services that no pod listens on; what a probe asks, the node has asked."""
    pod, containers = pods[0], pods[0]["spec"]["containers"]
    probes = [(one, one[kind]) for one in containers for kind in PROBES if one.get(kind)]
    ways = [(one, way) for one, probe in probes for way in probe.values() if isinstance(way, dict)]
    asked = {port_number(way["port"], pod, one) for one, way in ways if "port" in way}
    for service in view.own("Service", place.name, place.namespace):
        selector, spec = spec_of(service).get("selector") or {}, spec_of(service)
        # The ports of a headless Service lead nowhere: its pods are asked where they listen.
        if spec.get("clusterIP") == "None" or not selector:
            continue
        if not selector.items() <= labels_of(pod).items():
            continue
        for port in spec.get("ports") or []:
            number = port_number(port.get("targetPort", port["port"]), pod)
            if number in (0, *asked) or port.get("protocol", "TCP") != "TCP":
                continue
            asked.add(number)
            answer, answers = _asked(kubectl, pods, number)
            if _refused(answer):
                names = ", ".join(one["metadata"]["name"] for one in pods)
                cause = f"its port {port['port']} leads to port {number} of {names}, and nobody"
                cause += " listens there"
                yield place.problem("port-silent", title(service), cause)
            elif not policies_of(answers, view) and _closed(answers, number, kubectl):
                name = f"Pod {answers['metadata']['name']}"
                cause = f"port {number}, to which {title(service)} leads, answers inside the pod"
                cause += " alone: the program listens on 127.0.0.1 only"
                yield place.problem("listens-locally", name, cause)


def _closed(pod: Json, port: int, kubectl: Kubectl) -> bool:
    """Whether the pod's address refuses: the API server asks there, a forwarded port does not."""
    meta = pod["metadata"]
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}:{port}/proxy/"
    # Its own words: the application, or what leads there, may speak of a refused connection too.
    refuses = f"dial tcp {host_of(pod, port)}: connect: connection refused"
    try:
        return refuses in kubectl.run("get", "--raw", path, timeout=10).err
    except Failure as failure:
        if failure.interrupted:
            raise
        return False  # not reached from there: nothing is known


def _asked(kubectl: Kubectl, pods: list[Json], port: int) -> tuple[Answer, Json]:
    """Return the answer of the first that listens, else of the last, and whose it is."""
    until = time.monotonic() + PATIENCE
    for pod in cycle(pods):
        answer = ask(kubectl, f"pod/{pod['metadata']['name']}", port, "/")
        if not _refused(answer) or time.monotonic() > until:
            break
        time.sleep(1)
    # What is given the pod's address may listen there alone; a forwarded port leads to localhost.
    own = "status.podIP" in json.dumps(pods[0]["spec"])
    return (Answer(0, reason="not known") if own and _refused(answer) else answer), pod


def _refused(answer: Answer) -> bool:
    return answer.reason == REFUSED


def unmakeable(view: View, place: Place, kubectl: Kubectl) -> Iterator[Problem]:
    """Yield crons whose pods the API server would refuse, asked without making one.

    Quotas and webhooks are left out: they may have changed when a run is due; and rules of the
    cluster's own, which may judge who asks, or want a Job above the pod.
    """
    for cron in view.own("CronJob", place.name, place.namespace):
        template = template_of(cron)
        own = template.get("metadata") or {}
        meta = {key: own.get(key) or {} for key in ("labels", "annotations")}
        meta = {"generateName": "morrow-asks-", **meta}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]}
        said = kubectl.create(pod, "--dry-run=server").err
        found = refusal(said, title(cron), place)
        if found and found.hold == 0 and found.problem.code != "admission-refused":
            yield found.problem


def fallen(before: View, now: View, place: Place) -> Iterator[Problem]:
    """Yield pods that were ready, and have ended since: what runs then hardly lasts."""
    counts = {uid(pod): restarts(pod) for pod in new_pods(before) if is_ready(pod)}
    counts |= {uid(pod): 0 for pod in alone(before, place) if not has_ended(pod)}
    # One that nothing keeps may stumble and be started again.
    for pod in (*new_pods(now), *filter(has_ended, alone(now, place))):
        count = counts.get(uid(pod))
        if count is None or not (has_ended(pod) or restarts(pod) > count):
            continue
        told = [one.problem for one in pod_findings(pod, now, place) if not one.past]
        ends = filter(None, map(terminated, container_statuses(pod)))
        codes = ", ".join(f"{one.get('reason')} ({one.get('exitCode')})" for one in ends)
        name = pod["metadata"]["name"]
        cause = f"it was ready, and ended at once: {codes}"
        yield told[0] if told else place.problem("crashed", f"Pod {name}", cause)
