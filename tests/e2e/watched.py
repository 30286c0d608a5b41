"""Services that a Prometheus in the cluster watches, and what arrives at its Alertmanager."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.e2e.cluster import Cluster
from tests.e2e.tool_project import ToolProject
from tests.unit.frame.skips import cannot

SOURCE = Path(__file__).with_name("watched_service.py").read_text()
# The image has hello in it: the file comes by the command and lies where it may be written.
BOOT = """
import os, pathlib, sys
pathlib.Path("/tmp/watched.py").write_text(os.environ["SOURCE"])
os.environ["PYTHONPATH"] = "/app:/tmp"
os.execv(sys.executable, [sys.executable, "-m", "morrow", "watched:service"])
"""
# Ends at once while /tmp/die is there, and takes GROWN MiB once /tmp/grow is.
WORKER = """
import pathlib, time
held = b""
while not pathlib.Path("/tmp/die").exists():
    if pathlib.Path("/tmp/grow").exists() and not held:
        held = bytearray(b"x") * (GROWN << 20)
    time.sleep(0.2)
raise SystemExit(3)
"""
SPEED = 20  # a container that dies is started three times in 15 minutes / 20, and no oftener
QUERY = "/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy/api/v1/query?query="
RAW = "/api/v1/namespaces/monitoring/services/alertmanager-operated:9093/proxy/api/v2/alerts"
SECONDS = {"ms": 0.001, "s": 1, "m": 60 / SPEED, "h": 3600 / SPEED, "d": 86400 / SPEED}


def needs_monitoring(cluster: Cluster) -> None:
    """Skip what asks a Prometheus where there is none."""
    found = cluster.command("kubectl", "get", "-n", "monitoring", "alertmanagers", "lab")
    if found.returncode:
        cannot(
            "Prometheus in the cluster", "`python -m lab add monitoring` brings it", "Prometheus"
        )


def asked(cluster: Cluster, query: str) -> list[Any]:
    """Ask the cluster's Prometheus."""
    told = json.loads(cluster.kubectl("get", "--raw", QUERY + quote(query)))
    found: list[Any] = told["data"]["result"]
    return found


@dataclass
class Watched:
    """One release of the service, with its monitor and rules."""

    project: ToolProject
    monitor: str
    kind: str

    @property
    def host(self) -> str:
        """Where the gateway has it."""
        return f"{self.project.namespace}.{self.project.cluster.gateway_domain}"

    def values(self, **more: object) -> dict[str, Any]:
        """Return what the environment's file says."""
        space, gateway = self.project.cluster.gateway.split("/")
        route = {"mode": "gateway", "hosts": [self.host]}
        values = {
            **self.project.base(),
            "command": ["/usr/bin/python3", "-c", BOOT],
            "args": [],
            "env": {"SOURCE": SOURCE, "KIND": self.kind, "MORROW_THREADS": "4"},
            "route": {**route, "gateway": {"name": gateway, "namespace": space}},
            "network": {"ingress": {"gateway": space}},
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
            "probes": {"startup": {"periodSeconds": 1, "failureThreshold": 40}},
            "rollout": {"minReadySeconds": 0, "progressDeadlineSeconds": 50},
            "observability": {
                "monitor": {"kind": self.monitor, "interval": "2s"},
                "rules": {"enabled": True, "speed": SPEED, "routing": {"team": "till"}},
                "dashboard": {"enabled": True, "fleet": self.monitor == "pod"},
            },
        }
        values["resources"] |= {"limits": {"memory": "256Mi"}}
        values["secrets"] = {"keys": ["TOKEN"], "maxAge": "1d"}
        return {**values, **more}

    def up(self, **more: object) -> None:
        """Bring it up by the tool."""
        self.project.write(self.values(**more))
        told = self.project.morrow("up", "test")
        assert told.code == 0, told
        self.project.cluster.wait_for_route(self.host)

    def ask(self, path: str) -> None:
        """Ask once."""
        self.project.cluster.ask(self.host, path, timeout=30)

    def run(self, process: str, code: str) -> None:
        """Run a line of Python in each pod of a process."""
        labels = f"app.kubernetes.io/component={process}"
        for pod in self.project.kubectl("get", "pods", "-l", labels, "-o", "name").split():
            self.project.kubectl("exec", pod, "--", "python3", "-c", code)

    def touch(self, process: str, file: str) -> None:
        """Make a file in each pod of a process."""
        self.run(process, f"open({file!r}, 'w').close()")


Alert = tuple[str, str, str]  # namespace, process, name


@dataclass
class Alerts:
    """What has arrived at Alertmanager from some namespaces, and when each first did."""

    cluster: Cluster
    namespaces: Sequence[str]
    first: dict[Alert, float] = field(default_factory=dict)
    injected: dict[Alert, float] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)  # alerts whose labels are not what they must be
    _done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Note what is new, and what is wrong with it."""
        for alert in json.loads(self.cluster.kubectl("get", "--raw", RAW)):
            labels = alert["labels"]
            if labels.get("namespace") in self.namespaces and "service" in labels:
                if labels.get("team") != "till":
                    self.wrong.add(f"{labels['alertname']} lacks the team of Alertmanager's routes")
                # A probe's instance is what it looked at.
                own = {"instance"} if labels["alertname"] == "CertificateExpires" else set()
                for alien in labels.keys() & {"instance", "job", "endpoint"} - own:
                    self.wrong.add(f"{labels['alertname']} changes with its exporter's {alien}")
                alert = (labels["namespace"], labels.get("process", ""), labels["alertname"])
                self.first.setdefault(alert, time.time())

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Look again and again."""

        def follow() -> None:
            while not self._done.wait(0.5):
                with suppress(AssertionError):  # the API's answer, once; the next look counts
                    self.look()

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join(20)
        assert not self.wrong

    def expect(self, namespace: str, *alerts: str, process: str = "") -> None:
        """Note that what follows is to raise the alerts; they must not be there yet."""
        for name in alerts:
            alert = (namespace, process, name)
            assert alert not in self.first, f"{name} came before its fault"
            self.injected[alert] = time.time()

    def missing(self) -> set[Alert]:
        """Return what was injected and has not arrived."""
        self.look()
        return set(self.injected) - set(self.first)

    def wait(self, within: float) -> None:
        """Wait until all that was injected has arrived."""
        ends = time.monotonic() + within
        while self.missing() and time.monotonic() < ends:
            time.sleep(1)


def windows(rules: Any) -> dict[str, float]:
    """Return how many seconds each alert looks back or waits, the longest of them."""
    found: dict[str, float] = {}
    for group in rules["spec"]["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                text = f"{rule['expr']} [{rule.get('for', '0s')}]"
                spans = re.findall(r"\[(\d+)(ms|[smhd])", text)
                spans += re.findall(r"_(?:rate|increase)(\d+)([mhd])\b", text)
                longest = max(int(n) * SECONDS[u] for n, u in spans)
                found.setdefault(rule["alert"], longest)  # the first of a name is the graver
    return found
