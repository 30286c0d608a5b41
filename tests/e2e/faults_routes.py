"""Faults of routes, listeners, ingresses and their certificates; see tool_faults.py."""

from __future__ import annotations

from tests.e2e.faults_network import (
    GATEWAY_API,
    HOST,
    LAB,
    NETWORKING,
    OPEN,
    gateway,
    led,
)
from tests.e2e.faults_pods import runs
from tests.e2e.faults_rules import extra
from tests.e2e.tool_faults import Fault, Values, made, removed
from tests.e2e.tool_project import ToolProject

AGAIN = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(301 if self.path == "/" else 200)
        self.send_header("Location", "https://" + self.headers["Host"] + self.path)
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
"""
ELSEWHERE = {"startup": {"path": "/x"}, "readiness": {"path": "/x"}}
NOBODY: Values = {"from": [{"podSelector": {"matchLabels": {"no": "such"}}}]}
FILTER = {"group": "traefik.io", "kind": "Middleware", "name": "nosuch"}


def route(backend: Values, **rule: object) -> Values:
    """Return the values of one HTTPRoute more."""
    rules = [{"backendRefs": [{"name": "web", "port": 80, **backend}], **rule}]
    spec = {"parentRefs": [LAB], "hostnames": [HOST], "rules": rules}
    return {**extra("HTTPRoute", GATEWAY_API, spec=spec), **OPEN}


def door(name: str, port: int) -> Values:
    """Return the values of one Ingress more."""
    end = {"service": {"name": name, "port": {"number": port}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": end}]
    spec = {"rules": [{"host": HOST, "http": {"paths": paths}}]}
    return {**extra("Ingress", NETWORKING, spec=spec), **OPEN}


def no_certificate(project: ToolProject) -> None:
    """Let a listener's certificate be a Secret that holds none."""
    made("Secret", "none", stringData={"a": "b"})(project)
    gateway(tls={"certificateRefs": [{"name": "none"}]})(project)


FAULTS = (
    Fault(
        "listener is for other hosts", "route-refused", r"HTTPRoute web at Gateway",
        r"NoMatchingListenerHostname", led(name="own"),
        before=gateway(protocol="HTTP", port=8000, hostname="*.example.org"), exit=3,
    ),
    Fault(
        "listener's certificate is none", "gateway-not-ready", r"Gateway .*/own",
        r"missing the following TLS data", led(name="own"), before=no_certificate, exit=3,
    ),
    Fault(
        "own route leads to no Service", "route-backend", r"HTTPRoute odd", r"nosuch",
        route({"name": "nosuch"}), exit=3, ci=True,
    ),
    Fault(
        "own route leads to no port", "route-backend", r"HTTPRoute odd", r"port 81 not found",
        route({"port": 81}), exit=3,
    ),
    Fault(
        "own route leads into another namespace", "route-backend", r"HTTPRoute odd",
        r"RefNotPermitted", exit=3,
        values=route({"name": "kubernetes", "namespace": "default", "port": 443}),
    ),
    Fault(
        "own route weighs nothing", "outside-unserved", r"https://", r"the answer is 50\d",
        route({"weight": 0}), exit=3,
    ),
    Fault(
        "own route's filter is not there", "outside-unserved", r"https://", r"the answer is 50\d",
        route({}, filters=[{"type": "ExtensionRef", "extensionRef": FILTER}]), exit=3,
    ),
    Fault(
        "own Ingress leads to no Service", "route-backend", r"Ingress odd", r"Service nosuch",
        door("nosuch", 80), exit=3, ci=True,
    ),
    Fault(
        "own Ingress leads to no port", "route-backend", r"Ingress odd", r"the port 81 of",
        door("web", 81), exit=3,
    ),
    Fault(
        "a policy shuts the gateway out", "outside-unserved", r"https?://",
        r"is none within.*NetworkPolicy deny decides",
        led(**LAB), exit=3, before=made(
            "NetworkPolicy", "deny", apiVersion=NETWORKING,
            spec={"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [NOBODY]}),
        after=removed("networkpolicy", "deny"),
    ),
    Fault(
        "leads to itself", "outside-unserved", r"https://", r"the same address again and again",
        {**runs(AGAIN, probes=ELSEWHERE), **led(**LAB, section="https"),
         "network": {"policy": True}}, exit=3, ci=True,
    ),
)  # fmt: skip
