"""An API server of its own on loopback, for what must not be tried on a cluster that others use.

etcd and kube-apiserver as the lab has them, and nothing that acts on objects: no controllers, no
nodes. Each request is in the audit log, in its order.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.ports import free_ports
from tools.build import folder, program

TOKEN = "token-of-a-test"
AUDIT = """\
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{level: Metadata, verbs: [delete, deletecollection], omitStages: [RequestReceived]}]
"""


@dataclass(frozen=True)
class ApiServer:
    """A running one, and who may do everything in it."""

    place: Path
    port: int

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Send one request."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": kind},
        )
        trust = ssl._create_unverified_context()  # noqa: S323 - it signs for itself
        with urllib.request.urlopen(request, context=trust, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def kubeconfig(self, file: Path, context: str) -> None:
        """Write how to reach it."""
        cluster = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": context,
                    "clusters": [{"name": "own", "cluster": cluster}],
                    "users": [{"name": "own", "user": {"token": TOKEN}}],
                    "contexts": [{"name": context, "context": {"cluster": "own", "user": "own"}}],
                }
            )
        )

    def deleted(self) -> list[str]:
        """Name what was asked to go, as RESOURCE NAME, in the order in which it was."""
        lines = (self.place / "audit.log").read_text().splitlines()
        asked = [json.loads(line)["objectRef"] for line in lines]
        return [f"{one['resource']} {one.get('name', '*')}" for one in asked]


@contextmanager
def running(place: Path) -> Iterator[ApiServer]:
    """Run one until the end of the block."""
    place.mkdir()
    (place / "tokens.csv").write_text(f"{TOKEN},tester,1,system:masters\n")
    (place / "audit.yaml").write_text(AUDIT)
    key = place / "accounts.key"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    client, peer, port = free_ports(3)
    etcd = [program("etcd", "server"), f"--data-dir={place}/etcd", "--unsafe-no-fsync"]
    for what, number in (("client", client), ("peer", peer)):
        etcd.append(f"--listen-{what}-urls=http://127.0.0.1:{number}")
    etcd += [
        f"--advertise-client-urls=http://127.0.0.1:{client}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
    ]
    server = [
        folder("kubernetes") / "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{client}",
        *("--bind-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={place}"),
        *("--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=AlwaysAllow"),
        *(f"--token-auth-file={place}/tokens.csv", f"--service-account-key-file={key}"),
        f"--service-account-signing-key-file={key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        *("--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none"),
        *(f"--audit-policy-file={place}/audit.yaml", f"--audit-log-path={place}/audit.log"),
        "--shutdown-delay-duration=0s",
    ]
    with ExitStack() as stack:
        for name, words in (("etcd", etcd), ("kube-apiserver", server)):
            stack.enter_context(_started(place / f"{name}.log", [str(word) for word in words]))
        found = ApiServer(place, port)
        _wait(found)
        yield found


@contextmanager
def _started(log: Path, words: list[str]) -> Iterator[None]:
    with log.open("w") as file, subprocess.Popen(words, stdout=file, stderr=file) as process:
        try:
            yield
        finally:
            process.kill()


def _wait(server: ApiServer) -> None:
    deadline = time.monotonic() + 300
    while True:
        try:
            server.ask("/api/v1/namespaces/kube-system")
            return
        except OSError as problem:
            if time.monotonic() > deadline:
                log = (server.place / "kube-apiserver.log").read_text()
                raise AssertionError(f"{problem}\n{log[-3000:]}") from None
        time.sleep(0.2)
