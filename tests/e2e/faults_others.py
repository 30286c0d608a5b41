"""Faults of what others left, gave or lead to: charts, rights, redirects; see tool_faults.py."""

from __future__ import annotations

import threading
from typing import Any

from tests.e2e.faults_cluster import no_rule, rule
from tests.e2e.faults_network import LAB, NETWORKING, led
from tests.e2e.faults_pods import SHORT, runs
from tests.e2e.faults_rules import NONE, extra, rewrites
from tests.e2e.faults_unseen import ROLES
from tests.e2e.tool_faults import Fault, env, kubeconfig, made, removed, usual_kubeconfig
from tests.e2e.tool_project import ToolProject

TO_TLS = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(301)
        self.send_header("Location", "https://" + self.headers["Host"].split(":")[0] + self.path)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""
CALLS = "import socket, time; time.sleep(5); socket.create_connection(('192.0.2.1', 80), 3)"
GROUPS = ["", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"]
GROUPS += ["discovery.k8s.io", "coordination.k8s.io", ROLES]
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
ALL = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def other_chart(project: ToolProject) -> None:
    """Install a release of this name from a chart of somebody else's."""
    folder = project.folder / "theirs"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: theirs, version: 1.0.0}\n")
    data = "{apiVersion: v1, kind: ConfigMap, metadata: {name: data}, data: {a: b}}\n"
    (folder / "templates" / "data.yaml").write_text(data)
    project.cluster.helm("install", "web", str(folder), "-n", project.namespace)


def no_other_chart(project: ToolProject) -> None:
    """See that what it holds was left alone, and give it up."""
    project.kubectl("get", "configmap", "data")
    project.cluster.helm("uninstall", "web", "-n", project.namespace)


def deployer(project: ToolProject) -> None:
    """Be an account that may change everything a release holds, and give no more than that."""
    rule: dict[str, Any] = {"apiGroups": GROUPS, "resources": ["*"], "verbs": [*VERBS]}
    own = {"apiVersion": f"{ROLES}/v1", "rules": [rule]}
    made("ServiceAccount", "deployer")(project)
    made("Role", "deployer", **own)(project)
    who = {"kind": "ServiceAccount", "name": "deployer"}
    role = {"apiGroup": ROLES, "kind": "Role", "name": "deployer"}
    made("RoleBinding", "deployer", apiVersion=f"{ROLES}/v1", roleRef=role, subjects=[who])(project)
    token = project.kubectl("create", "token", "deployer").strip()

    def become(config: dict[str, Any]) -> None:
        for user in config["users"]:
            user["user"] = {"token": token}

    kubeconfig(become)(project)


def logged_out(project: ToolProject, end: threading.Event) -> None:
    """Let that account vanish once the release is being made."""
    while not project.kubectl("get", "deployment", "web", "--ignore-not-found"):
        if end.wait(1):
            return
    project.kubectl("delete", "serviceaccount", "deployer")


def no_yaml(project: ToolProject) -> None:
    """Give the command a kubeconfig that nobody can read."""
    file = project.folder / "kubeconfig"
    file.write_text("apiVersion: v1\nclusters: [not: {yaml\n")
    project.variables["KUBECONFIG"] = str(file)


FAULTS = (
    Fault(
        "a redirect leads the probe away", "never-ready", r"Pod web-.*container web",
        r"follows it to https://", runs(TO_TLS, probes=SHORT),
    ),
    Fault(
        "release of another chart", "release-of-another", r"release web", r"with the chart theirs",
        before=other_chart, after=no_other_chart, exit=2, ci=True,
    ),
    Fault(
        "a role that gives more than one has", "access-denied", r"release web",
        r"RBAC permissions not currently held: .*\*", extra("Role", f"{ROLES}/v1", rules=[ALL]),
        before=deployer, meanwhile=usual_kubeconfig,
    ),
    Fault(
        "liveness command is not there", "liveness-failed", r"container web",
        r"run, /nosuch of its liveness probe fails", exit=3,
        values={"probes": {"liveness": {"exec": ["/nosuch"]}}},
    ),
    Fault(
        "liveness port is closed", "liveness-failed", r"container web",
        r"port 9000 of its liveness probe", {
            "ports": {"more": {"raw": {"port": 9000}}},
            "probes": {"liveness": {"port": "raw"}}}, exit=3,
    ),
    Fault(
        "kubeconfig is no YAML", "kubeconfig-unreadable", r"kubeconfig", r"yaml: line 2",
        before=no_yaml, meanwhile=usual_kubeconfig, exit=2, ci=True,
    ),
    Fault(
        "its login ends while it is applied", "cluster-login", r"context", r"Unauthorized|logged",
        env(SLOW="40"), before=deployer, during=logged_out, meanwhile=usual_kubeconfig,
    ),
    Fault(
        "a rule cannot rewrite what it is to", "admission-refused", r"release web",
        r"JSON Patch: .*missing path", before=rewrites("deployments", "/spec/nosuch/a", "'b'"),
        after=NONE,
    ),
    Fault(
        "a rule cannot judge", "admission-refused", r"ReplicaSet web-", r"no such key: nosuch",
        before=rule("", "pods", "", judges="object.spec.nosuch == 'a'"), after=no_rule(),
    ),
    Fault(
        "a policy lets nobody out", "crashed", r"Pod web-.*container web",
        r"NetworkPolicy shut decides where it may connect", runs(CALLS), after=removed(
            "networkpolicy", "shut"),
        before=made("NetworkPolicy", "shut", apiVersion=NETWORKING, spec={
            "podSelector": {}, "policyTypes": ["Egress"]}),
    ),
    Fault(
        "a route leads where nobody listens", "outside-unserved", r"https://",
        r"leads to https://.*:9443/, where nobody listens", exit=3, values={
            "route": {**led(**LAB)["route"], "filters": [{
                "type": "RequestRedirect", "requestRedirect": {"port": 9443}}]},
            "network": {"policy": True}},
    ),
)  # fmt: skip
