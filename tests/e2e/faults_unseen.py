"""Faults that an outsider thinks of: names, keys, roles, nodes, hands; see tool_faults.py."""

from __future__ import annotations

import threading
from typing import Any

from tests.e2e.faults_cluster import again_and_again, no_rule, rule
from tests.e2e.faults_network import GATEWAY_API, HOST, LAB, NETWORKING, OPEN
from tests.e2e.faults_pods import DAEMON, SAFE, runs
from tests.e2e.faults_rules import NONE, cron, extra, keeper, rewrites, service
from tests.e2e.tool_faults import Fault, Values, env, made, removed, volume
from tests.e2e.tool_project import ToolProject, laid_over

PYTHON = ["/usr/bin/python3", "-u", "-c"]
ROLES = "rbac.authorization.k8s.io"
TWO_DOORS = """
import http.server, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
probes = http.server.ThreadingHTTPServer(("", 8081), Handler)
threading.Thread(target=probes.serve_forever).start()
http.server.ThreadingHTTPServer(("127.0.0.1", 5000), Handler).serve_forever()
"""
ADMIN = {"path": "/", "port": "admin"}
INSIDE: Values = {
    **runs(TWO_DOORS, probes={"startup": ADMIN, "readiness": ADMIN, "liveness": ADMIN}),
    "ports": {"admin": 8081},
    **OPEN,
}
NOWHERE = {"selector": {"app": "nosuch"}, "ports": [{"port": 80}]}
HALF: Values = {
    **extra("HTTPRoute", GATEWAY_API, spec={"parentRefs": [LAB], "hostnames": [HOST], "rules": [
        {"backendRefs": [{"name": "web", "port": 80}, {"name": "theirs", "port": 80}]}]}),
    "network": {"policy": True, "ingress": {"gateway": "GATEWAYSPACE"}},
}  # fmt: skip
UNSERVED = {"gatewayClassName": "nosuch",
            "listeners": [{"name": "web", "port": 8000, "protocol": "HTTP"}]}  # fmt: skip
BINDING = extra(
    "RoleBinding",
    f"{ROLES}/v1",
    roleRef={"apiGroup": ROLES, "kind": "Role", "name": "nosuch"},
    subjects=[{"kind": "ServiceAccount", "name": "web"}],
)
OUR_NODE: Values = {"pod": {"nodeSelector": {"example.com/NAMESPACE": "yes"}}}
FILE: Values = {"volumes": {"more": {"mountPath": "/app.yaml", "subPath": "nosuch", "source": {
    "configMap": {"name": "flags"}}}}}  # fmt: skip


def daemon(**pod: object) -> Values:
    """Return the values of a DaemonSet more."""
    spec = laid_over(DAEMON, {"template": {"spec": {**pod, "containers": [
        {"name": "odd", "image": "REGISTRY/lab/pause:1", "securityContext": SAFE}]}}})  # fmt: skip
    return extra("DaemonSet", "apps/v1", spec=spec)


def never_due() -> Values:
    """Return the values of a CronJob of 30 February."""
    return laid_over(cron(), {"extra": {"odd": {"spec": {"schedule": "0 0 30 2 *"}}}})


def alone(container: Values, **pod: object) -> Values:
    """Return the values of a pod that nothing keeps."""
    own = {"name": "odd", "image": "IMAGE", "securityContext": SAFE}
    own |= {"command": [*PYTHON, "import time; time.sleep(9e9)"], **container}
    return extra("Pod", spec={"containers": [own], **pod})


def job(code: str, **spec: object) -> Values:
    """Return the values of a Job more."""
    own = {"name": "odd", "image": "IMAGE", "command": [*PYTHON, code], "securityContext": SAFE}
    pods = {"restartPolicy": "Never", "containers": [own]}
    return extra("Job", "batch/v1", spec={"template": {"spec": pods}, **spec})


def _own_node(project: ToolProject) -> str:
    name = str(project.cluster.get("nodes")["items"][-1]["metadata"]["name"])
    project.kubectl("label", "node", name, f"example.com/{project.namespace}=yes", "--overwrite")
    return name


def tainted(project: ToolProject) -> None:
    """Let the one node of these pods bear a taint that they do not; others find two more."""
    taint = f"example.com/{project.namespace}=yes:NoSchedule"
    project.kubectl("taint", "node", _own_node(project), taint)


def untainted(project: ToolProject) -> None:
    """Take it off."""
    project.kubectl("taint", "node", _own_node(project), f"example.com/{project.namespace}-")
    project.kubectl("label", "nodes", "--all", f"example.com/{project.namespace}-")


def cordoned(project: ToolProject) -> None:
    """Take the one node of these pods out of service."""
    project.kubectl("cordon", _own_node(project))


def uncordoned(project: ToolProject) -> None:
    """Bring it back."""
    project.kubectl("uncordon", _own_node(project))
    project.kubectl("label", "nodes", "--all", f"example.com/{project.namespace}-")


def disowned(project: ToolProject, end: threading.Event) -> None:
    """Give the Deployment an owner that is not there: Kubernetes takes it away then."""
    owner = '{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0-0"}'
    change = f'{{"metadata": {{"ownerReferences": [{owner}]}}}}'
    again_and_again("patch", "deployment", "web", "--type=merge", "-p", change)(project, end)


SLOW_NEW = env(A="new", SLOW="6")
PORTS: Any = {"podSelector": {}, "policyTypes": ["Ingress"],
              "ingress": [{"ports": [{"port": 9999}]}]}  # fmt: skip

FAULTS = (
    Fault(
        "no node is one of the DaemonSet's", "unschedulable", r"DaemonSet odd", r"disk=nosuch",
        daemon(nodeSelector={"disk": "nosuch"}), exit=3, ci=True,
    ),
    Fault(
        "cron of 30 February", "cron-unmade", r"CronJob odd", r"a day that never comes",
        never_due(), exit=3, ci=True,
    ),
    Fault(
        "the service's own port is local", "listens-locally", r"Pod web-", r"on 127.0.0.1 only",
        INSIDE, exit=3, ci=True,
    ),
    Fault(
        "headless Service of no pod", "service-leads-nowhere", r"Service odd", r"app=nosuch",
        service(clusterIP="None", **NOWHERE), exit=3, ci=True,
    ),
    Fault(
        "a name for no Service", "service-missing", r"Service odd", r"Service nosuch",
        service(type="ExternalName", externalName="nosuch.NAMESPACE.svc.cluster.local"), exit=3,
        ci=True,
    ),
    Fault(
        "file that its ConfigMap does not hold", "configmap-key-missing", r"Deployment web",
        r"has no key nosuch", FILE, exit=3, before=made("ConfigMap", "flags", data={"a": "b"}),
        ci=True,
    ),
    Fault(
        "cron's key is not there", "configmap-key-missing", r"CronJob odd", r"has no key A",
        cron({"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "flags",
                                                                      "key": "A"}}}]}),
        exit=3, before=made("ConfigMap", "flags", data={"a": "b"}),
    ),
    Fault(
        "role is not there", "role-missing", r"RoleBinding odd", r"Role nosuch", BINDING, exit=3,
        ci=True,
    ),
    Fault(
        "own route leads half to nobody", "route-backend", r"HTTPRoute odd", r"no ready pod",
        HALF, before=made("Service", "theirs", spec=NOWHERE), exit=3,
    ),
    Fault(
        "own Gateway that nobody serves", "gateway-not-ready", r"Gateway .*/odd", r"Waiting",
        extra("Gateway", GATEWAY_API, spec=UNSERVED), exit=3,
    ),
    Fault(
        "a policy lets in on another port", "network-blocked", r"Service web", r"theirs selects",
        OPEN, before=made("NetworkPolicy", "theirs", apiVersion=NETWORKING, spec=PORTS),
        after=removed("networkpolicy", "theirs"), exit=3,
    ),
    Fault(
        "Job that fails and vanishes", "job-failed", r"Job odd", r"BackoffLimitExceeded",
        job("raise SystemExit('no')", backoffLimit=0, ttlSecondsAfterFinished=0), ci=True,
    ),
    Fault(
        "Job of which a part fails", "job-failed", r"Job odd", r"FailedIndexes",
        job("import os; raise SystemExit(os.environ['JOB_COMPLETION_INDEX'] == '1')",
            completions=3, parallelism=3, completionMode="Indexed", backoffLimitPerIndex=0),
    ),
    Fault(
        "migration needs too much memory", "out-of-memory", r"container job|Pod web-job",
        r"its limit", {"processes": {"job": {"kind": "job", "command": [
            *PYTHON, "x = b'x' * (400 << 20)"]}}},
    ),
    Fault(
        "a lone pod's image", "image-not-found", r"Pod odd", r"nosuch",
        alone({"image": "REGISTRY/hello:nosuch"}),
    ),
    Fault(
        "no node takes a lone pod", "unschedulable", r"Pod odd", r"node affinity/selector",
        alone({}, nodeSelector={"disk": "nosuch"}), ci=True,
    ),
    Fault(
        "a taint that its pods do not bear", "unschedulable", r"Pod web-", r"untolerated taint",
        OUR_NODE, before=tainted, after=untainted,
    ),
    Fault(
        "its one node is cordoned", "unschedulable", r"Pod web-", r"were unschedulable",
        OUR_NODE, before=cordoned, after=uncordoned, seconds=40,
    ),
    Fault(
        "volume that is too small", "pod-evicted", r"Pod web-", r"exceeds the limit",
        {**runs("import time; open('/more/x', 'wb').write(b'x' * (60 << 20)); time.sleep(99)"),
         **volume({"emptyDir": {"sizeLimit": "4Mi"}})}, seconds=60,
    ),
    Fault(
        "a rule names a node by its labels", "unschedulable", r"Pod web-",
        r"node affinity/selector", after=NONE,
        before=rewrites("pods", "/spec/nodeSelector", "{'disk': 'nosuch'}", "add"),
    ),
    Fault(
        "a rule puts pods into the node's network", "pod-security-refused", r"ReplicaSet web-",
        r"hostNetwork", before=rewrites("pods", "/spec/hostNetwork", "true", "add"), after=NONE,
    ),
    Fault(
        "a rule lets another port be asked", "never-ready", r"container web", r":9\b.*refused",
        {"probes": {"startup": {"failureThreshold": 8}}}, after=NONE, before=rewrites(
            "pods", "/spec/containers/0/startupProbe/httpGet/port", "9"),
    ),
    Fault(
        "a rule refuses the lock", "admission-refused", r"namespace", r"no locks", exit=1,
        before=rule("coordination.k8s.io", "leases", "no locks"), after=no_rule(),
    ),
    Fault(
        "a rule refuses ReplicaSets", "admission-refused", r"Deployment web", r"no sets",
        before=rule("apps", "replicasets", "no sets"), after=no_rule(),
    ),
    Fault(
        "profile is not on the node", "container-refused", r"Pod odd-", r"nosuch.json",
        keeper("Deployment", {"securityContext": {**SAFE, "seccompProfile": {
            "type": "Localhost", "localhostProfile": "nosuch.json"}}}),
    ),
    Fault(
        "somebody restarts it all the time", "release-overwritten", r"Deployment web",
        r"was changed \d+ times", SLOW_NEW, over=True,
        during=again_and_again("rollout", "restart", "deployment/web"),
    ),
    Fault(
        "somebody puts another image in", "release-overwritten", r"Deployment web",
        r"hello:nosuch, not", SLOW_NEW, over=True,
        during=again_and_again("set", "image", "deployment/web", "web=REGISTRY/hello:nosuch"),
    ),
    Fault(
        "Kubernetes collects the Deployment", "object-gone", r"Deployment web", r"not found",
        SLOW_NEW, over=True, during=disowned,
    ),
)  # fmt: skip
