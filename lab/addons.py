"""What a cluster needs besides Kubernetes: metrics, a gateway, and the lab's also DNS.

Works on any cluster (`MORROW_E2E_KUBECONFIG` names one); what that one has already stays.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

from lab import images, pki, registry
from lab.errors import LabError
from lab.kubectl import kubectl, kubectl_json, kubectl_succeeds
from lab.layout import CLUSTER_DNS, FOREIGN, GATEWAY_DOMAIN, MANIFESTS, REGISTRY
from lab.program import wait_until
from lab.timings import Clock
from tools.build import program
from tools.sources import sources

# Kubelets that the cluster's own authority knows are checked; kind's sign for themselves.
KUBELET_TRUST = (
    "--kubelet-insecure-tls"
    if FOREIGN
    else "--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
)


def install(clock: Clock) -> None:
    """Install what the cluster lacks; return when it is ready."""
    if not registry.answers(REGISTRY):
        raise LabError(
            f"no registry answers at http://{REGISTRY}; set MORROW_E2E_REGISTRY to the one that "
            "this machine pushes to and that the cluster's nodes pull from"
        )
    parts: list[Callable[[], tuple[str, str] | None]] = [_install_metrics, _install_gateway]
    if not FOREIGN:
        parts.append(_install_dns)
    with ThreadPoolExecutor() as pool:
        installed = [found.result() for found in [pool.submit(part) for part in parts]]
    for namespace, name in filter(None, installed):
        kubectl("rollout", "status", "-n", namespace, f"deployment/{name}", "--timeout=120s")
        clock.say(name)
    wait_until("the metrics API's answer", _has_metrics, within=60, every=0.3)
    clock.say("kubectl top answers")
    wait_until("the gateway's answer", gateway_answers, within=60, every=0.2)
    clock.say("the gateway answers over HTTPS")


def _install_dns() -> tuple[str, str]:
    images.push_program(images.COREDNS_IMAGE, program("coredns"))
    _apply("coredns.yaml", image=images.COREDNS_IMAGE, address=CLUSTER_DNS)
    return "kube-system", "coredns"


def _install_metrics() -> tuple[str, str] | None:
    if kubectl_succeeds("get", "apiservice", "v1beta1.metrics.k8s.io"):
        return None
    images.push_program(images.METRICS_SERVER_IMAGE, program("metrics-server"))
    image = images.METRICS_SERVER_IMAGE
    _apply("metrics-server.yaml", image=image, kubelet_trust=KUBELET_TRUST)
    return "kube-system", "metrics-server"


def _install_gateway() -> tuple[str, str]:
    if not kubectl_succeeds("get", "crd", "gateways.gateway.networking.k8s.io"):
        definitions = str(gateway_api_definitions())
        kubectl("apply", "--server-side", "-f", definitions)
        kubectl("wait", "--for=condition=Established", "-f", definitions, "--timeout=30s")
    images.push_program(images.TRAEFIK_IMAGE, program("traefik"))
    _apply("traefik.yaml", image=images.TRAEFIK_IMAGE)
    give_certificate("gateway")
    if not gateway_addresses():
        give_addresses("gateway", "traefik", _node_addresses())
    _apply("gateway.yaml")
    return "gateway", "traefik"


def give_certificate(namespace: str) -> None:
    """Give a gateway the certificate that this machine's tests trust."""
    pki.make_gateway()
    pair = [f"--cert={pki.GATEWAY}/gateway.crt", f"--key={pki.GATEWAY}/gateway.key"]
    where = ["-n", namespace, "lab-gateway"]
    made = kubectl("create", "secret", "tls", *where, *pair, "--dry-run=client", "-o", "json")
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=made)


def give_addresses(namespace: str, service: str, addresses: list[str]) -> None:
    """Say where a gateway is reached: no cloud does here."""
    balancer = {"ingress": [{"ip": address} for address in addresses]}
    patch = json.dumps({"status": {"loadBalancer": balancer}})
    where = ["-n", namespace, f"service/{service}", "--subresource=status"]
    kubectl("patch", *where, "--type=merge", "-p", patch)


def _node_addresses() -> list[str]:
    return [
        each["address"]
        for node in kubectl_json("get", "nodes")["items"]
        for each in node["status"]["addresses"]
        if each["type"] == "InternalIP"
    ]


def _apply(name: str, **filled: str) -> None:
    """Apply a manifest of this folder with images and addresses filled in."""
    kubectl("apply", "-f", "-", stdin=Template((MANIFESTS / name).read_text()).substitute(filled))


def gateway_api_definitions() -> Path:
    """Return the folder of Gateway API's definitions, of the version that Traefik is built with."""
    return sources("traefik", "sigs.k8s.io/gateway-api") / "config" / "crd" / "standard"


def _has_metrics() -> bool:
    return kubectl_succeeds("top", "nodes")


def gateway_addresses() -> list[str]:
    """Return where the gateway is reached from outside the cluster."""
    status = kubectl_json("get", "service", "-n", "gateway", "traefik")["status"]
    given = status["loadBalancer"].get("ingress") or []
    return [each.get("ip") or each["hostname"] for each in given]


def gateway_answers(addresses: Sequence[str] = (), name: str = "nobody", status: int = 404) -> bool:
    """Say whether a gateway answers over HTTPS on each of its addresses with its certificate."""
    trust = ssl.create_default_context(cafile=str(pki.GATEWAY / "ca.crt"))
    host = f"{name}.{GATEWAY_DOMAIN}"
    addresses = addresses or gateway_addresses()
    try:
        for address in addresses:
            with (
                socket.create_connection((address, 443), timeout=2) as plain,
                trust.wrap_socket(plain, server_hostname=host) as secured,
            ):
                secured.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                if f" {status} ".encode() not in secured.recv(64):
                    return False
    except OSError:
        return False
    return bool(addresses)
