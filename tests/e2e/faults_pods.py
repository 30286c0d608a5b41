"""Faults of pods, their containers and their volumes; see tool_faults.py."""

from __future__ import annotations

from tests.e2e.tool_faults import Fault, Values, env, made, removed
from tests.e2e.tool_project import ToolProject

LOCAL = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", 5000), Handler).serve_forever()
"""
# Ready, and not ready for a while, again and again.
FLAPS = """
import http.server, time
began = time.monotonic()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if (time.monotonic() - began) % 9 < 5 else 503)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""
SHORT = {"startup": {"failureThreshold": 6}}


def runs(code: str, **more: object) -> Values:
    """Return the values of a service that is this Python."""
    return {"command": ["/usr/bin/python3", "-u", "-c", code], **more}


def helper(code: str, kind: str = "sidecars", **more: object) -> Values:
    """Return the values of a container beside the service."""
    command = ["/usr/bin/python3", "-u", "-c", code]
    return {kind: {"helper": {"image": "IMAGE", "command": command, **more}}}


def worker(code: str) -> Values:
    """Return the values of a process beside the web process."""
    command = ["/usr/bin/python3", "-u", "-c", code]
    return {"processes": {"tick": {"kind": "worker", "command": command}}}


def ending_claim(project: ToolProject) -> None:
    """Let a claim be deleted while something holds it."""
    metadata = {"name": "data", "finalizers": ["example.com/holds"]}
    spec: Values = {"accessModes": ["ReadWriteOnce"], "storageClassName": "nosuch"}
    spec |= {"resources": {"requests": {"storage": "1Mi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
    project.make({**claim, "spec": spec})
    project.kubectl("delete", "pvc", "data", "--wait=false")


def ended_claim(project: ToolProject) -> None:
    """Let go of it."""
    change = '{"metadata": {"finalizers": null}}'
    project.kubectl("patch", "pvc", "data", "--type=merge", "-p", change)


SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
DAEMON = {
    "selector": {"matchLabels": {"app": "odd"}},
    "template": {
        "metadata": {"labels": {"app": "odd"}},
        "spec": {
            "containers": [
                {"name": "odd", "image": "REGISTRY/lab/pause:nosuch", "securityContext": SAFE}
            ]
        },
    },
}
CLAIM = {
    "rollout": {"strategy": "Recreate"},
    "volumes": {"more": {"mountPath": "/more", "claim": {"size": "1Mi", "class": "nosuch"}}},
}

FAULTS = (
    Fault(
        "listens on loopback only", "listens-locally", r"container web",
        r"listens on 127.0.0.1 only", runs(LOCAL, probes=SHORT), ci=True,
    ),
    Fault(
        "is ready now and then", "readiness-flaps", r"container web",
        r"ready and not ready again, 3 times.*503",
        runs(FLAPS, rollout={"minReadySeconds": 20}, probes={"readiness": {"failureThreshold": 1}}),
    ),
    Fault(
        "liveness probe fails", "liveness-failed", r"container web", r"its liveness probe failed",
        {"probes": {"liveness": {"exec": ["/usr/bin/python3", "-c", "raise SystemExit(3)"],
                                 "periodSeconds": 1, "failureThreshold": 1}},
         "rollout": {"minReadySeconds": 20}},
    ),
    Fault(
        "init container hangs", "init-hangs", r"container helper", r"has not ended",
        helper("import time; time.sleep(999)", "initContainers"), seconds=30, over=True,
    ),
    Fault(
        "sidecar crashes", "crashed", r"container helper", r"exit code 4",
        helper("raise SystemExit(4)"),
    ),
    Fault(
        "sidecar eats too much", "out-of-memory", r"container helper", r"limit \(24Mi\)",
        helper("x = b'x' * (200 << 20)", resources={"limits": {"memory": "24Mi"}}),
    ),
    Fault(
        "worker crashes", "crashed", r"Pod web-tick-.*container tick", r"exit code 1",
        worker("raise SystemExit('no queue')"), over=True,
    ),
    Fault(
        "worker's command is not there", "command-not-found", r"Pod web-tick-", r"nosuchprogram",
        {"processes": {"tick": {"kind": "worker", "command": ["/nosuchprogram"]}}},
    ),
    Fault(
        "starts a program that is not there", "command-not-found", r"container web",
        r"celery: not found",
        runs("import sys; sys.stderr.write('sh: celery: not found'); raise SystemExit(127)"),
    ),
    Fault(
        "is of another processor", "image-wrong-platform", r"container web",
        r"[Ee]xec format error",
        runs("import sys; sys.stderr.write('exec /app: exec format error'); raise SystemExit(1)"),
    ),
    Fault(
        "killed by a signal", "crashed", r"container web", r"SIGSEGV|exit code 139",
        runs("import os; os.kill(os.getpid(), 11) or os._exit(139)"),
    ),
    Fault(
        "writes where it may not", "crashed", r"container web", r"exit code 1",
        runs("open('/usr/data', 'w')"),
    ),
    Fault(
        "database is not there", "crashed", r"container web", r"exit code 1",
        runs("import socket; socket.create_connection(('db.nosuch.svc', 5432), 3)"), over=True,
    ),
    Fault(
        "asks for a device that no node has", "unschedulable", r"Pod web-",
        r"Insufficient example.com/gpu", {"resources": {"limits": {"example.com/gpu": "1"}}},
    ),
    Fault(
        "runtime class is not there", "pod-refused", r"ReplicaSet web-", r"RuntimeClass .*nosuch",
        {"pod": {"runtimeClass": "nosuch"}},
    ),
    Fault(
        "bears no neighbour", "unschedulable", r"Pod web-",
        r"didn't match pod anti-affinity rules",
        {"replicas": 9, "spread": "none", "pod": {"affinity": {"podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{
                "topologyKey": "kubernetes.io/hostname",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}]}}}},
        seconds=40,
    ),
    Fault(
        "claim's class is not there", "volume-unbound", r"PersistentVolumeClaim",
        r'"nosuch" not found', CLAIM,
    ),
    Fault(
        "claim is being deleted", "volume-ending", r"Pod web-", r'"data" is being deleted',
        {"volumes": {"more": {"mountPath": "/more", "source": {
            "persistentVolumeClaim": {"claimName": "data"}}}}},
        before=ending_claim, after=ended_claim, ci=True,
    ),
    Fault(
        "DaemonSet's image", "image-not-found", r"Pod odd-", r"nosuch",
        {"extra": {"odd": {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": DAEMON}}},
        over=True,
    ),
    Fault(
        "StatefulSet's pod crashes", "crashed", r"Pod web-0, container web",
        r"exit code 1, 2 times", {**env(DEATHS="99"), "workload": "StatefulSet"},
    ),
    Fault(
        "StatefulSet's new pod crashes", "crashed", r"Pod web-0, container web",
        r"exit code 1, 2 times",
        env(DEATHS="99"), over=True, first={"workload": "StatefulSet"},
    ),
    Fault(
        "migration hangs", "job-failed", r"Job web-", r"DeadlineExceeded",
        {"processes": {"job": {"kind": "job", "deadline": 12, "command": [
            "/usr/bin/python3", "-u", "-c", "import time; print('waits'); time.sleep(99)"]}}},
        over=True,
    ),
    Fault(
        "migration's key is not there", "secret-missing", r"Pod web-", r"Secret nosuch",
        {"processes": {"job": {"kind": "job", "command": ["/usr/bin/python3", "-V"], "env": {
            "REFERRED": {"secretKeyRef": {"name": "nosuch", "key": "A"}}}}}},
        typed=False,
    ),
    Fault(
        "Job is suspended", "job-suspended", r"Job odd", r"suspended",
        {"extra": {"odd": {"apiVersion": "batch/v1", "kind": "Job", "spec": {
            "suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": [
                {"name": "odd", "image": "REGISTRY/lab/pause:1", "securityContext": SAFE}]}}}}}},
    ),
    Fault(
        "quota leaves no room for a second pod", "quota-exceeded", r"ReplicaSet web-",
        r"exceeded quota: two", {**env(A="new")}, over=True,
        before=made("ResourceQuota", "two", spec={"hard": {"pods": "1"}}),
        after=removed("resourcequota", "two"),
    ),
    Fault(
        "port is taken in the pod", "crashed", r"container web", r"exit code 1",
        {**helper("import socket, time; s = socket.create_server(('', 5000)); time.sleep(9e9)"),
         "command": ["/usr/bin/python3", "-c", "import socket; socket.create_server(('', 5000))"]},
    ),
    Fault(
        "init container's image", "image-not-found", r"container helper", r"nosuch",
        {"initContainers": {"helper": {"image": "REGISTRY/lab/pause:nosuch"}}},
    ),
    Fault(
        "migration's init container", "image-not-found", r"Pod web-.*container helper", r"nosuch",
        {"processes": {"job": {"kind": "job", "command": ["/x"], "initContainers": {
            "helper": {"image": "REGISTRY/lab/pause:nosuch"}}}}},
    ),
)  # fmt: skip
