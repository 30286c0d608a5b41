"""Odd but good deploys of processes, Services and what refers to nothing; see odd_deploys.py."""

from __future__ import annotations

import json

from tests.e2e.faults_cluster import SCALED
from tests.e2e.faults_network import OPEN
from tests.e2e.faults_pods import DAEMON, runs
from tests.e2e.faults_processes import RESTS, STATEFUL, cron, process, run_twice
from tests.e2e.faults_storage import quota
from tests.e2e.odd_deploys import extra
from tests.e2e.slow_deploys import Slow
from tests.e2e.tool_faults import Values, env, made
from tests.e2e.tool_project import SERVICE, ToolProject

DEAF = SERVICE.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN")
NOWHERE = json.loads(json.dumps(DAEMON).replace("nosuch", "1"))
NOWHERE["template"]["spec"]["nodeSelector"] = {"disk": "nosuch"}
THEIRS: Values = {"metadata": {"labels": {"app": "db"}}}


def theirs(project: ToolProject) -> None:
    """Let somebody else's pod run in the namespace."""
    values = project.simple()
    image = f"{values['image']['repository']}@{values['image']['digest']}"
    safe = DAEMON["template"]["spec"]["containers"][0]["securityContext"]  # type: ignore[index]
    container = {"name": "x", "image": image, "command": values["command"],
                 "securityContext": safe, "ports": [{"containerPort": 5000}]}  # fmt: skip
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db", "labels": {"app": "db"}}}
    project.make({**pod, "spec": {"containers": [container]}})
    project.kubectl("wait", "--for=condition=Ready", "pod/db", "--timeout=60s")


def neighbour(project: ToolProject) -> None:
    """Deploy a second release of the chart beside it."""
    project.write({**project.simple(), "name": "shop"}, "test")
    assert project.morrow("up", "test").code == 0


def pending(project: ToolProject) -> None:
    """Let somebody else's pod wait for a node."""
    spec = {"nodeSelector": {"disk": "nosuch"}, "containers": [
        {**DAEMON["template"]["spec"]["containers"][0],  # type: ignore[index]
         "image": f"{project.cluster.registry}/lab/pause:1"}]}  # fmt: skip
    made("Pod", "waits", spec=spec)(project)


def status(code: str) -> Values:
    """Return the values of a service that answers so at its first page."""
    probes = {"startup": {"path": "/x"}, "readiness": {"path": "/x", "periodSeconds": 1}}
    return {**env(STATUS=code), "probes": probes}


PORT = [{"port": 80, "targetPort": 5000}]
OPTIONAL: Values = {"volumes": {"more": {"mountPath": "/more", "source": {
    "secret": {"secretName": "nosuch", "optional": True}}}}}  # fmt: skip
ONCE = {"ttlSecondsAfterFinished": 0, "template": {"spec": {
    "restartPolicy": "Never", "containers": [{
        "name": "odd", "image": "IMAGE", "command": ["/usr/bin/python3", "-V"],
        "securityContext": DAEMON["template"]["spec"]["containers"][0][  # type: ignore[index]
            "securityContext"]}]}}}  # fmt: skip

ODD = (
    Slow("a worker that is to rest", process("worker", RESTS, replicas=0), ci=True),
    Slow("a cron alone", {**cron(), "web": {"enabled": False}}, ci=True),
    Slow("a cron suspended on purpose", cron(suspend=True), ci=True),
    Slow("a cron that has failed twice", cron("raise SystemExit(1)"),
         over=cron("raise SystemExit(1)"), before=run_twice),
    Slow("a cron that ran", {**cron(), **env(A="new")}, over=cron()),
    Slow("a StatefulSet with a worker", {**STATEFUL, **process("worker", RESTS)}),
    Slow("a Service for somebody else's pods",
         extra("Service", spec={"selector": {"app": "db"}, "ports": PORT}), before=theirs),
    Slow("a Service without a selector", extra("Service", spec={
        "type": "ExternalName", "externalName": "db.example.com"}), ci=True),
    Slow("a headless Service besides", extra("Service", spec={
        "clusterIP": "None", "selector": {"app.kubernetes.io/name": "web"}, "ports": PORT})),
    Slow("sessions that stick", {**extra("Service", spec={
        "sessionAffinity": "ClientIP", "selector": {"app.kubernetes.io/name": "web"},
        "ports": PORT}), **OPEN}),
    Slow("an autoscaler at its most", {
        "replicas": None, "autoscaling": {"mode": "hpa", "min": 1, "max": 1, "cpu": 1}},
        over=SCALED),
    Slow("an optional Secret that is not there", OPTIONAL),
    Slow("a Job that is gone when it is done", extra("Job", "batch/v1", spec=ONCE)),
    Slow("a DaemonSet on no node", extra("DaemonSet", "apps/v1", spec=NOWHERE), ci=True),
    Slow("old pods are deaf", env(A="new"), over=runs(DEAF, grace=5, drain=0)),
    Slow("leads its first page elsewhere", status("302"), ci=True),
    Slow("has no first page", status("404")),
    Slow("asks who comes", status("401"), ci=True),
    Slow("a second release beside", before=neighbour),
    Slow("somebody else's pod waits for a node", before=pending),
    Slow("quota is just enough for a ReplicaSet more", env(A="new"), over={},
         before=quota("two", count_replicasets__apps="2")),
)  # fmt: skip
