"""The cluster that the end-to-end tests run on, and how they reach it."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from lab.layout import FOREIGN
from tools.build import program

ROOT = Path(__file__).resolve().parents[2]


def needs_lab(what: str) -> pytest.MarkDecorator:
    """A test that needs what only the lab can do is skipped on another cluster, with one line."""
    return pytest.mark.skipif(bool(FOREIGN), reason=f"only the lab {what}")


class CommandError(AssertionError):
    """A command against the cluster failed; the message holds what it said."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response, read to its end."""

    status: int
    body: str
    headers: dict[str, str]

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Image:
    """An image by digest."""

    repository: str
    digest: str

    def values(self) -> list[str]:
        """Return the chart's values that name it, as arguments for Helm."""
        sets = [f"image.repository={self.repository}", f"image.digest={self.digest}"]
        return [word for item in [*sets, "image.tag="] for word in ("--set", item)]


@dataclass(frozen=True)
class Cluster:
    """A running cluster with its add-ons."""

    kubeconfig: Path
    context: str
    registry: str
    gateway: str  # namespace/name of the Gateway
    gateway_addresses: tuple[str, ...]
    gateway_domain: str
    ca_file: Path

    def environment(self) -> dict[str, str]:
        """Return the environment in which kubectl, helm and the tool find this cluster."""
        folders = [program("kubernetes", "kubectl").parent, program("helm").parent]
        path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
        return os.environ | {"KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def command(
        self, *words: str, stdin: str | None = None, within: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that finds this cluster, to its end; the caller judges it."""
        return subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=ROOT,
            timeout=within,
            check=False,
        )

    def kubectl(self, *words: str, stdin: str | None = None, within: float = 120) -> str:
        """Return what kubectl prints."""
        return self._must("kubectl", "--context", self.context, *words, stdin=stdin, within=within)

    def helm(self, *words: str, stdin: str | None = None, within: float = 180) -> str:
        """Return what helm prints."""
        where = ["--kube-context", self.context]
        return self._must("helm", *where, *words, stdin=stdin, within=within)

    def get(self, *words: str) -> Any:
        """Return the object or list that `kubectl get` finds."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, namespace: str, *objects: dict[str, Any]) -> None:
        """Apply objects, given as data, in a namespace."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "-n", namespace, "-f", "-", stdin=text)

    def ask(
        self,
        host: str,
        path: str = "/",
        *,
        secure: bool = True,
        address: str = "",
        timeout: float = 10,
        headers: dict[str, str] | None = None,
        post: object = None,
    ) -> Answer:
        """Ask the gateway for a host, checking its certificate; `post` is sent as JSON."""
        at = address or self.gateway_addresses[0]
        connection: HTTPConnection
        if secure:
            trust = ssl.create_default_context(cafile=str(self.ca_file))
            connection = HTTPSConnection(host, 443, timeout=timeout, context=trust)
            plain = socket.create_connection((at, 443), timeout=timeout)
            connection.sock = trust.wrap_socket(plain, server_hostname=host)
        else:
            connection = HTTPConnection(host, 80, timeout=timeout)
            connection.sock = socket.create_connection((at, 80), timeout=timeout)
        try:
            words, method = headers or {}, "GET" if post is None else "POST"
            body = None if post is None else json.dumps(post)
            connection.request(method, path, body, words | {"Content-Type": "application/json"})
            answer: HTTPResponse = connection.getresponse()
            return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        finally:
            connection.close()

    def wait_for_route(self, host: str, status: int = 200, within: float = 60) -> None:
        """Wait until the gateway answers for a host on each of its addresses."""

        def routed() -> bool:
            try:
                return all(
                    self.ask(host, "/healthz", address=address).status == status
                    for address in self.gateway_addresses
                )
            except OSError:
                return False

        eventually(f"the gateway serves {host}", routed, within=within)

    def _must(self, *words: str, stdin: str | None, within: float) -> str:
        done = self.command(*words, stdin=stdin, within=within)
        if done.returncode:
            raise CommandError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout


def eventually(
    what: str, holds: Callable[[], bool], *, within: float = 60, every: float = 0.2
) -> None:
    """Wait until something holds; fail when it does not within the time."""
    ends = time.monotonic() + within
    while not holds():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(every)
