"""Faults of access, images, programs and those who meddle; see tool_faults.py."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.faults_cluster import RULES, again_and_again
from tests.e2e.faults_network import GATEWAY_API, HOST, LAB, NETWORKING, OPEN, gateway, ingress, led
from tests.e2e.faults_pods import SHORT, runs
from tests.e2e.tool_faults import Fault, Values, env, kubeconfig, made, removed, usual_kubeconfig
from tests.e2e.tool_project import ToolProject

# It accepts a request and answers none: an event loop that something holds up.
BLOCKED = """
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(999)
http.server.HTTPServer(("", 5000), Handler).serve_forever()
"""
# It speaks another protocol than HTTP.
GARBLED = """
import socketserver
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(9)
        self.request.sendall(bytes([21, 3, 1, 0, 2, 2, 70]))
socketserver.ThreadingTCPServer(("", 5000), Handler).serve_forever()
"""
NOT_FOUND = {"startup": {"path": "/x"}, "readiness": {"path": "/", "periodSeconds": 1}}
WRITES: Values = {
    "apiGroups": ["", "apps", "batch", "policy", "networking.k8s.io", "coordination.k8s.io"],
    "resources": ["*"],
    "verbs": ["*"],
}


def all_but(*resources: str) -> Any:
    """Return what lets the command be somebody who may do all but make these."""

    def become(project: ToolProject) -> None:
        read = {**WRITES, "verbs": ["get", "list", "watch"]}
        usual = ["pods", "secrets", "services", "configmaps", "serviceaccounts", "deployments",
                 "networkpolicies", "poddisruptionbudgets", "leases", "replicasets", "pods/log",
                 "pods/portforward", "events"]  # fmt: skip
        may = {**WRITES, "resources": [one for one in usual if one not in resources]}
        group = "rbac.authorization.k8s.io/v1"
        made("ServiceAccount", "half")(project)
        made("Role", "half", apiVersion=group, rules=[read, may])(project)
        made("RoleBinding", "half", apiVersion=group,
             roleRef={"apiGroup": group.split("/")[0], "kind": "Role", "name": "half"},
             subjects=[{"kind": "ServiceAccount", "name": "half"}])(project)  # fmt: skip
        token = project.kubectl("create", "token", "half").strip()

        def as_half(config: Values) -> None:
            for user in config["users"]:
                user["user"] = {"token": token}

        kubeconfig(as_half)(project)

    return become


def no_kubeconfig(project: ToolProject) -> None:
    """Name a kubeconfig that is not there."""
    project.variables["KUBECONFIG"] = str(project.folder / "nosuch")


def webhook_of_deployments(project: ToolProject) -> None:
    """Let an admission webhook that nobody serves stand before this namespace's Deployments."""
    rule = {"operations": ["CREATE"], "resources": ["deployments"]}
    rule |= {"apiGroups": ["apps"], "apiVersions": ["v1"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": project.namespace}}
    hook = {"name": "silent.example.com", "rules": [rule], "namespaceSelector": here,
            "clientConfig": {"service": {"namespace": project.namespace, "name": "none"}},
            "sideEffects": "None", "admissionReviewVersions": ["v1"]}  # fmt: skip
    kind = {"apiVersion": RULES, "kind": "ValidatingWebhookConfiguration"}
    project.make({**kind, "metadata": {"name": project.namespace}, "webhooks": [hook]})


def no_webhook(project: ToolProject) -> None:
    """Take the webhook away."""
    project.kubectl("delete", "validatingwebhookconfiguration", project.namespace)


def broken_record(project: ToolProject) -> None:
    """Let Helm's record of the release be no record."""
    patch = json.dumps({"data": {"release": "bm90IGEgcmVjb3Jk"}})
    name = "sh.helm.release.v1.web.v1"
    project.kubectl("patch", "secret", name, "--type=merge", "-p", patch)


COMMAND = [{"op": "replace", "path": "/spec/template/spec/containers/0/command",
            "value": ["/usr/bin/python3", "-m", "http.server", "5000"]}]  # fmt: skip
ROUTE: Values = {"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "spec": {
    "parentRefs": [LAB | {"name": "GATEWAYNAME", "namespace": "GATEWAYSPACE"}],
    "hostnames": [HOST], "rules": [{"backendRefs": [{"name": "nosuch", "port": 80}]}]}}  # fmt: skip
INGRESS: Values = {"rules": [{"host": HOST, "http": {"paths": [{
    "path": "/", "pathType": "Prefix",
    "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}  # fmt: skip


def older_ingress(project: ToolProject) -> None:
    """Let another Ingress have the host."""
    spec = json.loads(project.filled(json.dumps(INGRESS)))
    made("Ingress", "older", apiVersion=NETWORKING, spec=spec)(project)


FAULTS = (
    Fault(
        "holds up its only thread", "never-ready", r"container web", r"it runs and is not ready",
        runs(BLOCKED, probes=SHORT), over=True,
    ),
    Fault(
        "speaks another protocol", "never-ready", r"container web", r"malformed|EOF|it runs and",
        runs(GARBLED, probes=SHORT),
    ),
    Fault(
        "has no such path", "never-ready", r"container web", r"statuscode: 404",
        {**env(STATUS="404"), "probes": {**NOT_FOUND, "startup": {"failureThreshold": 6}}},
    ),
    Fault(
        "the probe's program is not there", "never-ready", r"container web", r"nosuchprobe",
        {"probes": {"readiness": {"exec": ["/nosuchprobe"]}, "startup": {"failureThreshold": 6}}},
    ),
    Fault(
        "is no program", "command-not-found", r"container web", r"permission denied",
        {"command": ["/etc/hostname"]}, ci=True,
    ),
    Fault(
        "is a folder", "command-not-found", r"container web", r"permission denied|is a directory",
        {"command": ["/usr"]}, over=True,
    ),
    Fault(
        "digest is none of the registry's", "image-not-found", r"sha256:0000", r"does not have",
        {"image": {"digest": "sha256:" + 64 * "0"}}, exit=2, ci=True,
    ),
    Fault(
        "starts longer than it may", "never-ready", r"container web", r"it runs and is not ready",
        {**env(SLOW="90"), "probes": {"startup": {"failureThreshold": 6}}}, over=True,
    ),
    Fault(
        "kubeconfig is not there", "context-missing", r"context", r"does not exist",
        before=no_kubeconfig, meanwhile=usual_kubeconfig, exit=2, ci=True,
    ),
    Fault(
        "may not make Services", "access-denied", r"services", r"not allowed to create services",
        before=all_but("services"), meanwhile=usual_kubeconfig, exit=2, ci=True,
    ),
    Fault(
        "webhook of Deployments is silent", "webhook-unreachable", r"release web",
        r"silent.example.com", before=webhook_of_deployments, after=no_webhook, ci=True,
    ),
    Fault(
        "Helm's record is broken", "release-record-broken", r"Secret sh.helm.release.v1.web.v1",
        r"no record of a release", over=True, exit=2, before=broken_record, typed=True,
    ),
    Fault(
        "fewest pods are more than the most", "chart-invalid", r"environments/test.yaml", r"above",
        {"replicas": None, "autoscaling": {"mode": "hpa", "min": 3, "max": 2, "cpu": 70}}, exit=2,
        ci=True,
    ),
    Fault(
        "address of a Service is taken", "release-refused", r"release web", r"already allocated",
        {"extra": {"odd": {"apiVersion": "v1", "kind": "Service", "spec": {
            "clusterIP": "10.96.0.1", "ports": [{"port": 80}]}}}}, ci=True,
    ),
    Fault(
        "listener is for another host", "route-refused", r"HTTPRoute web at Gateway",
        r"NoMatchingListenerHostname|hostname", led(name="own"),
        before=gateway(protocol="HTTP", port=8000, hostname="other.example.org"), exit=3,
    ),
    Fault(
        "listener admits no route from here", "route-refused", r"HTTPRoute web at Gateway",
        r"NotAllowed", led(name="own"),
        before=gateway(protocol="HTTP", port=8000, allowedRoutes={"namespaces": {
            "from": "Selector", "selector": {"matchLabels": {"no": "such"}}}}), exit=3,
    ),
    Fault(
        "route leads to no Service", "route-backend", r"HTTPRoute odd at Gateway", r"nosuch",
        {"extra": {"odd": ROUTE}}, exit=3,
    ),
    Fault(
        "Ingress' certificate is not there", "certificate-missing", r"Ingress web", r"nosuch",
        ingress(tls={"secret": "nosuch"}), exit=3,
    ),
    Fault(
        "host has another Ingress", "host-taken", r"Ingress web", r"older", ingress(),
        before=older_ingress, after=removed("ingress", "older"), exit=3, ci=True,
    ),
    Fault(
        "somebody puts another image in", "release-overwritten", r"Deployment web",
        r"has the image .*pause", env(A="new"), over=True, exit=3,
        during=again_and_again("set", "image", "deployment/web", "web=REGISTRY/lab/pause:1"),
    ),
    Fault(
        "somebody changes the command", "release-overwritten", r"Deployment web",
        r"has the command", over=True, exit=3,
        during=again_and_again("patch", "deployment", "web", "--type=json", "-p",
                               json.dumps(COMMAND)),
    ),
    Fault(
        "somebody deletes the Service", "object-gone", r"Service web", r"not there any more",
        OPEN, over=True, exit=3, during=again_and_again("delete", "service", "web"),
    ),
    Fault(
        "somebody deletes the Deployment", "object-gone", r"Deployment web", r"not there any more",
        over=True, exit=3, during=again_and_again("delete", "deployment", "web"),
    ),
)  # fmt: skip
