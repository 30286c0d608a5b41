"""What a cluster needs besides Kubernetes: DNS, metrics, a gateway. Works on any cluster."""

from __future__ import annotations

import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template

from lab import images, pki
from lab.kubectl import kubectl, kubectl_succeeds
from lab.layout import CLUSTER_DNS, GATEWAY_DOMAIN, MANIFESTS, NODES
from lab.program import wait_until
from lab.shell import run
from lab.timings import Clock
from tools.build import HERE as TOOLS

DEPLOYMENTS = (
    ("kube-system", "coredns"),
    ("kube-system", "metrics-server"),
    ("gateway", "traefik"),
)


def manifest(name: str) -> str:
    """Return a manifest of this folder with images and addresses filled in."""
    return Template((MANIFESTS / name).read_text()).substitute(
        coredns_image=images.COREDNS_IMAGE,
        metrics_server_image=images.METRICS_SERVER_IMAGE,
        traefik_image=images.TRAEFIK_IMAGE,
        cluster_dns=CLUSTER_DNS,
    )


def install(clock: Clock) -> None:
    """Install all add-ons; return when they are ready."""
    with ThreadPoolExecutor() as pool:
        parts = [
            pool.submit(_install_dns),
            pool.submit(_install_metrics),
            pool.submit(_install_gateway),
        ]
        for part in parts:
            part.result()
    for namespace, name in DEPLOYMENTS:
        kubectl("rollout", "status", "-n", namespace, f"deployment/{name}", "--timeout=120s")
        clock.say(name)
    wait_until("the metrics API's answer", _has_metrics, within=60, every=0.3)
    clock.say("kubectl top answers")
    wait_until("the gateway's answer", gateway_answers, within=60, every=0.2)
    clock.say("the gateway answers over HTTPS")


def _install_dns() -> None:
    images.push_add_on(images.COREDNS_IMAGE, "coredns")
    _apply(manifest("coredns.yaml"))


def _install_metrics() -> None:
    images.push_add_on(images.METRICS_SERVER_IMAGE, "metrics-server")
    _apply(manifest("metrics-server.yaml"))


def _install_gateway() -> None:
    kubectl("apply", "--server-side", "-f", str(gateway_api_definitions()))
    images.push_add_on(images.TRAEFIK_IMAGE, "traefik")
    _apply(manifest("traefik.yaml"))
    pair = pki.GATEWAY / "gateway.crt", pki.GATEWAY / "gateway.key"
    if not kubectl_succeeds("get", "secret", "-n", "gateway", "lab-gateway"):
        files = [f"--cert={pair[0]}", f"--key={pair[1]}"]
        kubectl("create", "secret", "tls", "-n", "gateway", "lab-gateway", *files)
    addresses = {"loadBalancer": {"ingress": [{"ip": node.address} for node in NODES]}}
    patch = json.dumps({"status": addresses})
    where = ["-n", "gateway", "service/traefik", "--subresource=status"]
    kubectl("patch", *where, "--type=merge", "-p", patch)
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    _apply(manifest("gateway.yaml"))


def _apply(text: str) -> None:
    kubectl("apply", "-f", "-", stdin=text)


def gateway_api_definitions() -> Path:
    """Return the folder of Gateway API's definitions, of the version that Traefik is built with."""
    folder = run(
        "go",
        "list",
        "-mod=readonly",
        "-m",
        "-f",
        "{{.Dir}}",
        "sigs.k8s.io/gateway-api",
        cwd=TOOLS / "traefik",
    )
    return Path(folder.strip()) / "config" / "crd" / "standard"


def _has_metrics() -> bool:
    return kubectl_succeeds("top", "nodes")


def gateway_answers() -> bool:
    """Say whether the gateway answers over HTTPS on every node's address with its certificate."""
    trust = ssl.create_default_context(cafile=str(pki.GATEWAY / "ca.crt"))
    host = f"nobody.{GATEWAY_DOMAIN}"
    try:
        for node in NODES:
            with (
                socket.create_connection((node.address, 443), timeout=2) as plain,
                trust.wrap_socket(plain, server_hostname=host) as secured,
            ):
                secured.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                if b" 404 " not in secured.recv(64):
                    return False
    except OSError:
        return False
    return True
