"""Deploys that look odd and are good: nothing of them may be called broken or unserved."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.faults_cluster import ADD, SCALED, TARGET, no_rule, rule
from tests.e2e.faults_network import NETWORKING, OPEN, host_taken, led, patched
from tests.e2e.faults_pods import DAEMON, SAFE, worker
from tests.e2e.faults_rules import NONE, cron, keeper, rewrites
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_faults import Values, env, made, removed
from tests.e2e.tool_project import SERVICE, ToolProject

PYTHON = ["/usr/bin/python3", "-u", "-c"]
NEW: Values = env(A="new")
LABELLED = ADD.format("/metadata/labels/example.com~1team", "'x'")
LED = {**led(name="GATEWAYNAME", namespace="GATEWAYSPACE"), "network": {"policy": True}}


def process(kind: str, code: str, **more: object) -> Values:
    """Return the values of a process beside the web process."""
    return {"processes": {"beside": {"kind": kind, "command": [*PYTHON, code], **more}}}


def extra(kind: str, version: str = "v1", **more: object) -> Values:
    """Return the values of one object more."""
    return {"extra": {"odd": {"apiVersion": version, "kind": kind, **more}}}


def canary(project: ToolProject) -> None:
    """Let a second Deployment of the same image get a part of the requests, by hand."""
    web: dict[str, Any] = json.loads(project.kubectl("get", "deployment", "web", "-o", "json"))
    labels = {**web["spec"]["template"]["metadata"]["labels"], "track": "canary"}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {**web["spec"]["template"], "metadata": {"labels": labels}},
    }
    made("Deployment", "canary", apiVersion="apps/v1", spec=spec)(project)
    project.kubectl("rollout", "status", "deployment/canary", "--timeout=60s")


def failing_job(project: ToolProject) -> None:
    """Let somebody else's Job fail in the namespace."""
    image = f"{project.image.repository}@{project.image.digest}"
    container = {"name": "x", "image": image, "command": [*PYTHON, "raise SystemExit(1)"]}
    pod = {"restartPolicy": "Never", "containers": [{**container, "securityContext": SAFE}]}
    spec = {"backoffLimit": 0, "template": {"spec": pod}}
    made("Job", "theirs", apiVersion="batch/v1", spec=spec)(project)


def failed_cron(project: ToolProject) -> None:
    """Let a run of the release's own cron fail."""
    project.kubectl("create", "job", "--from=cronjob/web-beside", "by-hand")


def failed_before(project: ToolProject) -> None:
    """Fail with a release before."""
    project.write(project.simple(command=["/nosuch"]))
    assert project.morrow("up", "test").code == 1


def stuck_old_pod(project: ToolProject) -> None:
    """Let the old pod's end be held by somebody."""
    hold = '{"metadata": {"finalizers": ["example.com/holds"]}}'
    for name in project.ready_pods():
        project.kubectl("patch", "pod", name, "--type=merge", "-p", hold)


def let_go(project: ToolProject) -> None:
    """Let it go."""
    free = '{"metadata": {"finalizers": null}}'
    for name in project.kubectl("get", "pods", "-o", "name").split():
        project.kubectl("patch", name, "--type=merge", "-p", free)


def cordoned(project: ToolProject) -> None:
    """Take one node out of service, as an upgrade does."""
    project.kubectl("cordon", _last_node(project))


def uncordoned(project: ToolProject) -> None:
    """Bring it back."""
    project.kubectl("uncordon", _last_node(project))


def _last_node(project: ToolProject) -> str:
    return str(project.cluster.get("nodes")["items"][-1]["metadata"]["name"])


def by_hand(project: ToolProject) -> None:
    """Add what no file says."""
    project.kubectl("label", "deployment", "web", "example.com/owner=ann")
    project.kubectl("set", "env", "deployment/web", "BY_HAND=yes")
    project.kubectl("annotate", "service", "web", "example.com/note=seen")


PAUSE = patched("deployment", "web", '{"spec": {"paused": true}}')
SERVES_ELSEWHERE = patched("service", "web", '{"spec": {"ports": [{"port": 80, "targetPort": 9}]}}')
TWO = {"maxReplicas": 2, "minReplicas": 2, "scaleTargetRef": TARGET}
AGENT = json.loads(json.dumps(DAEMON).replace("nosuch", "1"))
CLAIMS: Values = {"workload": "StatefulSet"}

BEGIN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
WRAPPED = f"['/usr/bin/python3', '-c', '{BEGIN}'] + object.spec.containers[0].command"
BEGINS = "signal.signal("
TALKS = SERVICE.replace(BEGINS, f"""
import socket
door = socket.create_server(("", 9000))
def greet():
    while True:
        door.accept()[0].close()
threading.Thread(target=greet, daemon=True).start()
{BEGINS}""", 1)  # fmt: skip
RECREATE: Values = {"rollout": {"strategy": "Recreate"}}
ROOM = made("ResourceQuota", "three", spec={"hard": {"pods": "3"}})

TICKS = process("worker", "import time; time.sleep(9e9)")

ODD = (
    Slow("paused on purpose", over={}, before=PAUSE, ci=True),
    Slow("autoscaler at work", SCALED, over=SCALED),
    Slow(
        "somebody else's autoscaler",
        over={},
        before=made("HorizontalPodAutoscaler", "theirs", apiVersion="autoscaling/v2", spec=TWO),
    ),
    Slow("canary by hand", over={}, before=canary, ci=True),
    Slow("an upgrade of the cluster", NEW, over={}, before=cordoned, after=uncordoned),
    Slow(
        "a Job that fails first",
        process("job", "import time; raise SystemExit(time.time() < SOON)", retries=4),
        least=8,
    ),
    Slow("somebody else's Job fails", env(SLOW="12"), meanwhile=failing_job, ci=True),
    Slow(
        "its cron has failed",
        process("cron", "raise SystemExit(1)", schedule="0 0 1 1 *"),
        over=process("cron", "raise SystemExit(1)", schedule="0 0 1 1 *"),
        before=failed_cron,
    ),
    Slow("a worker that rested", TICKS, over=TICKS, before=lambda p: _scale(p, 0, "web-beside")),
    Slow("a worker alone", {**worker("import time; time.sleep(9e9)"), "web": {"enabled": False}}),
    Slow("recreated", {"rollout": {"strategy": "Recreate"}, **NEW}, over={}),
    Slow("was scaled by hand", NEW, over={}, before=lambda p: _scale(p, 3)),
    Slow("was edited by hand", NEW, over={}, before=by_hand, ci=True),
    Slow("port was edited by hand", over={}, before=SERVES_ELSEWHERE, ci=True),
    Slow("Deployment was deleted", over={}, before=removed("deployment", "web")),
    Slow("a part was deleted", over={}, before=removed("networkpolicy", "web"), ci=True),
    Slow(
        "a policy of somebody else denies all",
        over={},
        before=made("NetworkPolicy", "deny", apiVersion=NETWORKING, spec={"podSelector": {}}),
    ),
    Slow(
        "quota is just enough",
        NEW,
        over={},
        before=made("ResourceQuota", "two", spec={"hard": {"pods": "2"}}),
    ),
    Slow(
        "defaults of the namespace",
        before=made("LimitRange", "usual", spec={"limits": [
            {"type": "Container", "default": {"cpu": "500m"}}]}),
    ),
    Slow("failed before", before=failed_before),
    Slow("an old pod does not end", NEW, over={}, before=stuck_old_pod, after=let_go, ci=True),
    Slow("a StatefulSet", {**CLAIMS, **NEW}, over=CLAIMS),
    Slow("a DaemonSet beside", extra("DaemonSet", "apps/v1", spec=AGENT)),
    Slow("a node port", {"service": {"type": "NodePort"}, **OPEN}, ci=True),
    Slow("a route that serves", {**LED, "command": [*PYTHON, SERVICE]}, ci=True),
    Slow("a younger route wants the host", LED, over=LED, before=host_taken),
    Slow(
        "a rule adds a label",
        before=rule("", "pods", LABELLED, "Mutating"),
        after=no_rule("Mutating"),
    ),
    Slow(
        "a rule starts the command by another",
        NEW,
        before=rewrites("pods", "/spec/containers/0/command", WRAPPED),
        after=NONE,
        ci=True,
    ),
    Slow(
        "a rule adds to a variable",
        NEW,
        before=rewrites("pods", "/spec/containers/0/env/0/value", "'new -agent'"),
        after=NONE,
    ),
    Slow(
        "old pods fill the quota for a while",
        {**NEW, "replicas": 2},
        over={"replicas": 2, "drain": 15, "grace": 20},
        before=ROOM,
        least=15,
    ),
    Slow("was given more room by hand", SCALED, over=SCALED, before=patched(
        "hpa", "web", '{"spec": {"maxReplicas": 5}}')),
    Slow("an old pod of Recreate is held", {**RECREATE, **NEW}, over=RECREATE,
         before=stuck_old_pod, after=let_go),
    Slow(
        "a further port speaks no HTTP",
        {"command": [*PYTHON, TALKS], "ports": {"more": {"raw": {"port": 9000}}}},
        ci=True,
    ),
    Slow("liveness has a path of its own", {"probes": {"liveness": {"path": "/alive"}}}, ci=True),
    Slow("a cron of another image", cron({"image": "REGISTRY/lab/pause:1", "command": ["/x"]})),
    Slow("a StatefulSet that needs no Service", keeper("StatefulSet")),
    Slow("grows and shrinks", {"replicas": 1}, over={"replicas": 4}),
    Slow("its old pods restarted", NEW, over=env(DEATHS="1")),
    Slow("always pulls", {"image": {"pullPolicy": "Always"}}),
)  # fmt: skip


def _scale(project: ToolProject, count: int, name: str = "web") -> None:
    project.kubectl("scale", f"deployment/{name}", f"--replicas={count}")
