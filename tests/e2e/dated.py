"""What is too old on a cluster: a Secret of days ago, and a certificate of few days."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from lab import pki
from lab.control_plane import ETCD
from lab.layout import HOST, PKI
from tests.e2e.cluster import Cluster
from tests.serving import serving


def age(cluster: Cluster, namespace: str, secret: str, days: int) -> None:
    """Make a Secret older where the API server keeps it: the API lets nobody state an age."""
    found = cluster.get("secret", secret, "-n", namespace)["metadata"]["creationTimestamp"]
    made = round(datetime.fromisoformat(found).timestamp())
    key = f"/registry/secrets/{namespace}/{secret}"
    (kept,) = _etcd("range", key=key)["kvs"]
    value = base64.b64decode(kept["value"])
    new = value.replace(_varint(made), _varint(made - days * 86400))
    assert new != value
    _etcd("put", key=key, value=new)


def _varint(number: int) -> bytes:
    """Return a number as protobuf has it: seconds of our time are five bytes, all the same."""
    groups = [number >> shift & 0x7F for shift in range(0, 35, 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def _etcd(verb: str, **fields: str | bytes) -> Any:
    trust = ssl.create_default_context(cafile=str(PKI / "etcd-ca.crt"))
    trust.load_cert_chain(PKI / "etcd-client.crt", PKI / "etcd-client.key")
    told = {
        name: base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
        for name, text in fields.items()
    }
    request = urllib.request.Request(f"{ETCD}/v3/kv/{verb}", json.dumps(told).encode())  # noqa: S310
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:  # noqa: S310
        return json.load(answer)


def short_certificate(cluster: Cluster, namespace: str, host: str, days: int, folder: Path) -> None:
    """Let the gateway serve a host with a certificate that ends soon, by an Ingress's Secret."""
    for end in ("crt", "key"):
        (folder / f"ca.{end}").write_bytes((pki.GATEWAY / f"ca.{end}").read_bytes())
    pki.issue(folder, "short", f"/CN={host[:60]}", f"subjectAltName=DNS:{host}", days=days)
    pair = [f"--cert={folder}/short.crt", f"--key={folder}/short.key"]
    cluster.kubectl("create", "secret", "tls", "short", "-n", namespace, *pair)
    backend = {"service": {"name": "web", "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {
        "ingressClassName": "traefik",
        "tls": [{"hosts": [host], "secretName": "short"}],
        "rules": [{"host": host, "http": {"paths": [path]}}],
    }
    head = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "short"}}
    cluster.apply(namespace, {**head, "spec": spec})


@contextmanager
def probed(cluster: Cluster, namespace: str, host: str) -> Iterator[None]:
    """Stand in for blackbox-exporter: say when the certificate that the gateway gives now ends."""

    def ends() -> float:
        trust = ssl.create_default_context(cafile=str(cluster.ca_file))
        where = (cluster.gateway_addresses[0], 443)
        with (
            socket.create_connection(where, timeout=5) as plain,
            trust.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return ssl.cert_time_to_seconds(str((secured.getpeercert() or {})["notAfter"]))

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f'probe_ssl_earliest_cert_expiry{{instance="https://{host}/"}} {ends():.0f}\n'
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            with suppress(OSError):  # a reader that waits no longer
                self.wfile.write(text.encode())

    with serving(Page, HOST) as address:
        _, _, port = address.rpartition(":")
        labels = {"app": "probe"}
        head = {"apiVersion": "v1", "metadata": {"name": "probe", "labels": labels}}
        ports = [{"name": "http", "port": int(port)}]
        subset = {"addresses": [{"ip": HOST}], "ports": ports}
        cluster.apply(
            namespace,
            {**head, "kind": "Service", "spec": {"clusterIP": "None", "ports": ports}},
            {**head, "kind": "Endpoints", "subsets": [subset]},
            {
                "apiVersion": "monitoring.coreos.com/v1",
                "kind": "ServiceMonitor",
                "metadata": {"name": "probe"},
                "spec": {
                    "selector": {"matchLabels": labels},
                    "endpoints": [{"port": "http", "honorLabels": True, "interval": "5s"}],
                },
            },
        )
        yield
