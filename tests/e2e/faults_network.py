"""Faults of access, services, policies, routes and certificates; see tool_faults.py."""

from __future__ import annotations

import subprocess
from typing import Any

from tests.e2e.tool_faults import Fault, Values, kubeconfig, made, removed, usual_kubeconfig
from tests.e2e.tool_project import ToolProject

GATEWAY_API = "gateway.networking.k8s.io/v1"
NETWORKING = "networking.k8s.io/v1"
OPEN: Values = {"network": {"policy": False}}
HOST = "NAMESPACE.lab.example.com"


def patched(kind: str, name: str, patch: str) -> Any:
    """Return what merges a change into an object by hand."""

    def change(project: ToolProject) -> None:
        project.kubectl("patch", kind, name, "--type=merge", "-p", patch)

    return change


def endpoints_by_hand(project: ToolProject) -> None:
    """Lead a part of the Service's requests to an address that nobody has."""
    labels = {"kubernetes.io/service-name": "web", "app": "by-hand"}
    project.make(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "by-hand", "labels": labels},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 5000, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["192.0.2.7"], "conditions": {"ready": True}}],
        }
    )


def stranger(project: ToolProject) -> None:
    """Let a pod that is not ours wear our labels."""
    selector = project.kubectl("get", "service", "web", "-o", "jsonpath={.spec.selector}")
    labels = dict(pair.split(":") for pair in selector.strip("{}").replace('"', "").split(","))
    safe = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    safe |= {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    container: Values = {"name": "x", "image": f"{project.cluster.registry}/lab/pause:1"}
    container["ports"] = [{"name": "http", "containerPort": 5000}]  # what the Service asks for
    project.make(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "stranger", "labels": labels},
            "spec": {"containers": [{**container, "securityContext": safe}]},
        }
    )
    project.kubectl("wait", "--for=condition=Ready", "pod/stranger", "--timeout=60s")


def gateway(class_name: str = "", **listener: object) -> Any:
    """Return what makes a Gateway of the namespace's own, of the lab's class or another."""

    def make(project: ToolProject) -> None:
        known = "jsonpath={.items[0].spec.gatewayClassName}"
        own = class_name or project.cluster.kubectl("get", "gateways", "-A", "-o", known)
        door = {"name": "web", "port": 8443, "protocol": "HTTPS", **listener}
        spec = {"gatewayClassName": own, "listeners": [door]}
        made("Gateway", "own", apiVersion=GATEWAY_API, spec=spec)(project)

    return make


def led(**gateway: str) -> Values:
    """Return the values of a route at a Gateway."""
    return {"route": {"mode": "gateway", "hosts": [HOST], "gateway": gateway}, **OPEN}


def ingress(**more: object) -> Values:
    """Return the values of an Ingress."""
    return {"route": {"mode": "ingress", "hosts": [HOST], **more}, **OPEN}


def host_taken(project: ToolProject) -> None:
    """Let an older route of another name have the host."""
    space, name = project.cluster.gateway.split("/")
    spec = {
        "parentRefs": [{"name": name, "namespace": space}],
        "hostnames": [HOST.replace("NAMESPACE", project.namespace)],
        "rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
    }
    made("HTTPRoute", "older", apiVersion=GATEWAY_API, spec=spec)(project)
    # What is older wins; it is told by whole seconds.
    subprocess.run(["sleep", "1.1"], check=True)


def of_another_authority(config: Values) -> None:
    """Let the kubeconfig trust somebody else's certificates."""
    for cluster in config["clusters"]:
        text = cluster["cluster"]
        text.pop("certificate-authority-data", None)
        text["certificate-authority"] = "/etc/ssl/certs/ca-certificates.crt"


def absent_login(config: Values) -> None:
    """Let a program log in that is not there."""
    version = "client.authentication.k8s.io/v1"
    for user in config["users"]:
        user["user"] = {"exec": {"apiVersion": version, "command": "nosuch-login",
                                 "interactiveMode": "Never"}}  # fmt: skip


LAB = {"name": "GATEWAYNAME", "namespace": "GATEWAYSPACE"}

FAULTS = (
    Fault(
        "selector was added to by hand", "service-leads-nowhere", r"Service web",
        r"asks for tier=x, which none of them has", over=True,
        before=patched("service", "web", '{"spec": {"selector": {"tier": "x"}}}'), typed=True,
        exit=3, ci=True,
    ),
    Fault(
        "endpoints by hand", "endpoints-foreign", r"Service web",
        r"by-hand leads a part of its requests to 192.0.2.7", over=True, before=endpoints_by_hand,
        typed=True, exit=3, ci=True,
    ),
    Fault(
        "a stranger with our labels", "service-shared", r"Service web", r"stranger", over=True,
        before=stranger, after=removed("pod", "stranger"), exit=3,
    ),
    Fault(
        "a policy lets nobody in", "network-blocked", r"Service web",
        r"deny selects its pods and lets nobody reach", OPEN,
        before=made(
            "NetworkPolicy", "deny", apiVersion=NETWORKING,
            spec={"podSelector": {}, "policyTypes": ["Ingress"]},
        ),
        after=removed("networkpolicy", "deny"), exit=3, ci=True,
    ),
    Fault(
        "Gateway is not there", "gateway-missing", r"HTTPRoute web at Gateway .*/nosuch",
        r"there is no Gateway nosuch", led(name="nosuch"), exit=3, ci=True,
    ),
    Fault(
        "Gateway has no such listener", "route-refused", r"HTTPRoute web at Gateway",
        r"no listener nosuch|NoMatchingParent", led(**LAB, section="nosuch"), exit=3,
    ),
    Fault(
        "certificate is for another name", "certificate-wrong", r"https://shop.example.org/",
        r"users are shown a certificate that they refuse",
        {"route": {"mode": "gateway", "hosts": ["shop.example.org"],
                   "gateway": {**LAB, "section": "https"}}, "network": {"policy": True}},
        exit=3,
    ),
    Fault(
        "Gateway whose class nobody serves", "gateway-not-ready", r"Gateway .*/own",
        r"Waiting for controller|Pending", led(name="own"), before=gateway("nosuch"), exit=3,
    ),
    Fault(
        "listener without its certificate", "gateway-not-ready", r"Gateway .*/own",
        r"listener web|certificate", led(name="own"),
        before=gateway(tls={"certificateRefs": [{"name": "nosuch"}]}), exit=3,
    ),
    Fault(
        "host has an older route", "host-taken", r"HTTPRoute web",
        r"older, which is older and so wins", led(**LAB), before=host_taken, exit=3,
    ),
    Fault(
        "Ingress class is not there", "ingress-class-missing", r"Ingress web",
        r"no IngressClass nosuch", ingress(className="nosuch"), exit=3,
    ),
    Fault(
        "load balancer that nobody makes", "load-balancer-pending", r"Service web",
        r"no controller of the cluster says that it is at it",
        {"service": {"type": "LoadBalancer"}, **OPEN},
    ),
    Fault(
        "node port is taken", "release-refused", r"Service door", r"already allocated",
        {"extra": {"door": {"apiVersion": "v1", "kind": "Service", "spec": {
            "type": "NodePort", "ports": [{"port": 80, "nodePort": 31999}]}}}},
        before=made("Service", "first", spec={
            "type": "NodePort", "ports": [{"port": 80, "nodePort": 31999}]}),
        after=removed("service", "first"), ci=True,
    ),
    Fault(
        "somebody else's certificates", "cluster-unreachable", r"context", r"x509|certificate",
        before=kubeconfig(of_another_authority), meanwhile=usual_kubeconfig, exit=2, ci=True,
    ),
    Fault(
        "login program is not there", "cluster-login", r"context", r"nosuch-login",
        before=kubeconfig(absent_login), meanwhile=usual_kubeconfig, exit=2, ci=True,
    ),
    Fault(
        "listener admits no route from here", "route-refused", r"HTTPRoute web at Gateway",
        r"NotAllowed", led(name="own"),
        before=gateway(protocol="HTTP", port=8000, allowedRoutes={"namespaces": {
            "from": "Selector", "selector": {"matchLabels": {"no": "such"}}}}), exit=3,
    ),
)  # fmt: skip
