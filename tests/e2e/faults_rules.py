"""Faults of rules that rewrite, of nodes, of others at work and of crons; see tool_faults.py."""

from __future__ import annotations

import json
import threading
from typing import Any

from tests.e2e.faults_cluster import RULES, SCALED, Step, again_and_again, held, no_rule
from tests.e2e.faults_network import OPEN
from tests.e2e.faults_pods import SAFE, runs
from tests.e2e.tool_faults import Fault, Values, env, made, reference
from tests.e2e.tool_project import ToolProject

PYTHON = ["/usr/bin/python3", "-u", "-c"]
LABELS = {"app.kubernetes.io/name": "web"}
NEW: Values = env(A="new")
LONG_AGO = "2026-01-01T00:00:{:02}.000000Z"
AGENT = """Object.spec.containers{name: 'agent', image: 'REGISTRY/agent:nosuch',
 securityContext: Object.spec.containers.securityContext{allowPrivilegeEscalation: false,
 capabilities: Object.spec.containers.securityContext.capabilities{drop: ['ALL']}}}"""
DEAD = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == "/live" else 200)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""


def extra(kind: str, version: str = "v1", **more: object) -> Values:
    """Return the values of one object more."""
    return {"extra": {"odd": {"apiVersion": version, "kind": kind, **more}}}


def service(**spec: object) -> Values:
    """Return the values of one Service more."""
    return {**extra("Service", spec=spec), **OPEN}


def keeper(kind: str, container: Values | None = None, **spec: object) -> Values:
    """Return the values of a workload more, which does nothing."""
    own = {"name": "odd", "image": "IMAGE", "securityContext": SAFE}
    own |= {"command": [*PYTHON, "import time; time.sleep(9e9)"], **(container or {})}
    labels = {"app": "odd"}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [own]}}
    return extra(kind, "apps/v1", spec={"selector": {"matchLabels": labels}, "template": pods,
                                        **spec})  # fmt: skip


def cron(container: Values | None = None, **pod: object) -> Values:
    """Return the values of a CronJob more, which is not due for a long time."""
    own = {"name": "odd", "image": "IMAGE", "command": [*PYTHON, "pass"], "securityContext": SAFE}
    pods = {"restartPolicy": "Never", "containers": [{**own, **(container or {})}], **pod}
    job = {"spec": {"template": {"spec": pods}}}
    spec = {"schedule": "0 0 1 1 *", "suspend": False, "jobTemplate": job}
    return extra("CronJob", "batch/v1", spec=spec)


def rewrites(resource: str, path: str, value: str, how: str = "replace") -> Step:
    """Return what lets a policy of the cluster rewrite this namespace's objects."""

    def make(project: ToolProject) -> None:
        name = project.namespace
        group = "apps" if resource == "deployments" else ""
        rule = {"apiGroups": [group], "apiVersions": ["v1"], "resources": [resource]}
        rule["operations"] = ["CREATE"] if resource == "pods" else ["CREATE", "UPDATE"]
        says = project.filled(f"[JSONPatch{{op: '{how}', path: '{path}', value: {value}}}]")
        spec: dict[str, Any] = {"matchConstraints": {"resourceRules": [rule]}}
        spec |= {"reinvocationPolicy": "Never"}
        spec["mutations"] = [{"patchType": "JSONPatch", "jsonPatch": {"expression": says}}]
        here = {"matchLabels": {"kubernetes.io/metadata.name": name}}
        head = {"apiVersion": RULES, "metadata": {"name": name}}
        project.make({**head, "kind": "MutatingAdmissionPolicy", "spec": spec})
        bound = {"policyName": name, "matchResources": {"namespaceSelector": here}}
        project.make({**head, "kind": "MutatingAdmissionPolicyBinding", "spec": bound})
        threading.Event().wait(3)  # until every API server has learnt of it

    return make


NONE = no_rule("Mutating")


def runtime(project: ToolProject) -> None:
    """Make a runtime class that no node knows."""
    project.make({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "handler": "nosuch",
                  "metadata": {"name": project.namespace}})  # fmt: skip


def no_runtime(project: ToolProject) -> None:
    """Take it away."""
    project.kubectl("delete", "runtimeclass", project.namespace)


def half_deleted(project: ToolProject) -> None:
    """Let somebody else's Secret be deleted, and held."""
    made("Secret", "theirs", stringData={"A": "x"})(project)
    held("secret", "theirs")(project)


def old_lock(project: ToolProject) -> None:
    """Let somebody hold the lock by whose clock it is long ago."""
    spec = {"holderIdentity": "ann@elsewhere/1", "leaseDurationSeconds": 60}
    spec |= {"acquireTime": LONG_AGO.format(0), "renewTime": LONG_AGO.format(0)}
    made("Lease", "web-morrow", apiVersion="coordination.k8s.io/v1", spec=spec)(project)


def renews(project: ToolProject, end: threading.Event) -> None:
    """Renew it, as who is at work does."""
    for second in range(1, 60):
        if end.wait(5):
            return
        spec = {"spec": {"renewTime": LONG_AGO.format(second)}}
        project.kubectl("patch", "lease", "web-morrow", "--type=merge", "-p", json.dumps(spec))


def patches(target: str, change: str) -> Any:
    """Return somebody who patches an object all the time."""
    return again_and_again("patch", *target.split("/"), "--type=merge", "-p", change)


FAULTS = (
    Fault(
        "a rule gives pods another variable", "release-overwritten", r"Pod web-",
        r"its variable A is not what its template says", NEW, exit=3, ci=True,
        before=rewrites("pods", "/spec/containers/0/env/0/value", "'other'"), meanwhile=NONE,
    ),
    Fault(
        "a rule gives pods another command", "release-overwritten", r"Pod web-",
        r"it starts .*http.server", NEW, exit=3, meanwhile=NONE, before=rewrites(
            "pods", "/spec/containers/0/command",
            "['/usr/bin/python3', '-m', 'http.server', '5000', '-d', '/tmp']"),
    ),
    Fault(
        "a rule lets no pod run", "release-overwritten", r"Deployment web", r"scaled to no pods",
        before=rewrites("deployments", "/spec/replicas", "0"), meanwhile=NONE, exit=3,
    ),
    Fault(
        "a rule adds a container", "image-not-found", r"container agent", r"agent:nosuch",
        before=rewrites("pods", "/spec/containers/-", AGENT, "add"), after=NONE,
    ),
    Fault(
        "a rule leads the Service elsewhere", "release-overwritten", r"Service web", r"its ports",
        before=rewrites("services", "/spec/ports/0/targetPort", "9"), meanwhile=NONE, exit=3,
    ),
    Fault(
        "a rule names a node that is not there", "unschedulable", r"Node nosuch",
        r"the cluster has no such node",
        before=rewrites("pods", "/spec/nodeName", "'nosuch'", "add"), after=NONE,
    ),
    Fault(
        "a rule names another scheduler", "unschedulable", r"Pod web-", r"it asks for nosuch",
        before=rewrites("pods", "/spec/schedulerName", "'nosuch'", "add"), after=NONE,
    ),
    Fault(
        "nodes do not know the runtime", "sandbox-refused", r"Pod web-", r"no runtime for",
        {"pod": {"runtimeClass": "NAMESPACE"}}, before=runtime, after=no_runtime,
    ),
    Fault(
        "somebody lets fewer pods run", "release-overwritten", r"Deployment web",
        r"scaled to 1 pods, and 2 were applied", {"replicas": 2}, over=True, exit=3,
        during=again_and_again("scale", "deployment/web", "--replicas=1"),
    ),
    Fault(
        "somebody deletes the pods", "object-gone", r"ReplicaSet web-", r"somebody deletes them",
        env(A="new", SLOW="9"), seconds=90, during=again_and_again(
            "delete", "pods", "--all", "--wait=false", "--grace-period=1"),
    ),
    Fault(
        "somebody deletes the Service", "object-gone", r"Service web", r"not there any more",
        over=True, exit=3, during=again_and_again("delete", "service", "web"),
    ),
    Fault(
        "somebody empties the policy", "release-overwritten", r"NetworkPolicy web", r"its ingress",
        over=True, exit=3, during=patches("networkpolicy/web", '{"spec": {"ingress": []}}'),
    ),
    Fault(
        "somebody bounds the autoscaler", "release-overwritten", r"HorizontalPodAutoscaler web",
        r"its maxReplicas is 1", SCALED, exit=3,
        during=patches("hpa/web", '{"spec": {"maxReplicas": 1}}'),
    ),
    Fault(
        "somebody suspends a cron", "release-overwritten", r"CronJob odd", r"its suspend is true",
        cron(), exit=3, during=patches("cronjob/odd", '{"spec": {"suspend": true}}'),
    ),
    Fault(
        "somebody is at it whose clock is behind", "environment-locked", r"test",
        r"ann@elsewhere/1", before=old_lock, during=renews, typed=True, exit=2,
    ),
    Fault(
        "a foreign Secret is half deleted", "object-ending", r"Secret theirs", r"held by .*holds",
        reference("secretKeyRef", "theirs", "A"), exit=3, before=half_deleted,
    ),
    Fault(
        "account is half deleted", "object-ending", r"ServiceAccount web", r"held by .*holds",
        over=True, exit=3, before=held("serviceaccount", "web"), typed=True,
    ),
    Fault(
        "own Service asks for a port that no pod has", "service-leads-nowhere", r"Service odd",
        r"a port named nosuch, and no container has one", exit=3, ci=True,
        values=service(selector=LABELS, ports=[{"port": 80, "targetPort": "nosuch"}]),
    ),
    Fault(
        "own Service selects nothing", "service-leads-nowhere", r"Service odd", r"app=nosuch",
        service(selector={"app": "nosuch"}, ports=[{"port": 80}]), exit=3, ci=True,
    ),
    Fault(
        "nobody listens on a further port", "port-silent", r"Service web", r"nobody listens",
        {"ports": {"more": {"grpc": {"port": 9000}}}}, exit=3, ci=True,
    ),
    Fault(
        "StatefulSet's Service is not there", "service-missing", r"StatefulSet odd", r"nosuch",
        keeper("StatefulSet", serviceName="nosuch"), exit=3,
    ),
    Fault(
        "liveness path is wrong", "liveness-failed", r"container web", r"answers 404",
        runs(DEAD, probes={"liveness": {"path": "/live"}}), exit=3, ci=True,
    ),
    Fault(
        "cron's claim is not there", "volume-claim-missing", r"CronJob odd", r"claim nosuch",
        cron(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "nosuch"}}]), exit=3,
        ci=True,
    ),
    Fault(
        "cron's Secret is not there", "secret-missing", r"CronJob odd", r"Secret nosuch",
        cron({"envFrom": [{"secretRef": {"name": "nosuch"}}]}), exit=3,
    ),
    Fault(
        "cron's pods are not safe", "pod-security-refused", r"CronJob odd", r"restricted",
        cron({"securityContext": {}}), exit=3, ci=True,
    ),
    Fault(
        "cron's class is not there", "priority-class-missing", r"CronJob odd", r"nosuch",
        cron(priorityClassName="nosuch"), exit=3, ci=True,
    ),
    Fault(
        "cron's image is not there", "image-not-found", r"hello:nosuch", r"does not have",
        cron({"image": "REGISTRY/hello:nosuch"}), exit=2, ci=True,
    ),
)  # fmt: skip
