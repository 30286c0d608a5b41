"""Every span of a pod that is stopped, through the lab's collector, in Jaeger.

Each request brings its trace's id, so that none is counted for another. Spans are sent once a
minute here, or 512 at once: what Jaeger has of a pod's last ones is what its stop has sent.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from lab import cgroups
from lab.layout import COLLECTED
from tests.e2e import orders
from tests.e2e.cluster import Cluster, Image, eventually, needs_lab
from tests.e2e.conftest import make_namespace
from tests.e2e.tool_project import ToolProject
from tests.e2e.watched import asked, needs_monitoring
from tests.records import record
from tests.unit.frame.skips import cannot

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(900),
    needs_lab("keeps what a collector took on this machine"),
]
REQUESTS = 1000
PROXY = "/api/v1/namespaces/{}/services/{}/proxy/api/{}"
POD = {"fieldRef": {"fieldPath": "metadata.name"}}
TRACED = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.tracing:4318",
    "OTEL_BSP_SCHEDULE_DELAY": "60000",
    "K8S_POD": POD,  # before the one that names it
    "OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=$(K8S_POD)",
}


class Traced:
    """One service on the cluster, asked with a trace for each request."""

    def __init__(self, project: ToolProject, name: str, path: str) -> None:
        self.project, self.name, self.path = project, name, path
        self.cluster = project.cluster
        self.host = f"{name}-{project.namespace}.{self.cluster.gateway_domain}"

    def write(self, values: dict[str, Any]) -> None:
        """Write its environment."""
        space, gateway = self.cluster.gateway.split("/")
        route = {"mode": "gateway", "hosts": [self.host]}
        about = {
            "name": self.name, "env": TRACED, "drain": 5, "grace": 20,
            "route": {**route, "gateway": {"name": gateway, "namespace": space}},
            "network": {"ingress": {"gateway": space}},
            "observability": {"monitor": {"kind": "pod", "interval": "2s"}},
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        }  # fmt: skip
        self.project.write({**values, **about})

    def up(self) -> None:
        """Bring it up."""
        told = self.project.morrow("up", "test")
        assert told.code == 0, f"{told}"
        self.cluster.wait_for_route(self.host)

    def ask(self, path: str = "", post: object = None) -> tuple[str, int]:
        """Ask once; return the trace's id and the status, 0 when nothing came back."""
        trace = secrets.token_hex(16)
        parent = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        try:
            asked = self.cluster.ask(self.host, path or self.path, headers=parent, post=post)
            return trace, asked.status
        except OSError:
            return trace, 0

    def pods(self) -> list[str]:
        where = f"app.kubernetes.io/name={self.name}"
        return self.project.kubectl("get", "pods", "-l", where, "-o", "name").split()

    def stop(self) -> None:
        """Stop all pods as an update does; return when they are gone."""
        words = ("delete", "--wait=true", "-n", self.project.namespace, *self.pods())
        self.cluster.kubectl(*words, within=180)

    def traces(self) -> dict[str, list[Any]]:
        """Return the spans that Jaeger has of the service, by trace."""
        words = urlencode({"service": self.name, "limit": 20000, "lookback": "1h"})
        found = json.loads(proxied(self.cluster, "tracing", "jaeger:16686", f"traces?{words}"))
        return {one["traceID"]: one["spans"] for one in found["data"] or []}


def proxied(cluster: Cluster, space: str, service: str, path: str) -> str:
    return cluster.kubectl("get", "--raw", PROXY.format(space, service, path))


def collected(kind: str, outer: str, inner: str, records: str) -> list[tuple[Any, dict[str, Any]]]:
    """Return what the collector wrote, each with its resource's attributes."""
    return [
        (one, {a["key"]: next(iter(a["value"].values())) for a in resource["attributes"]})
        for line in (COLLECTED / f"{kind}.json").read_text().splitlines()
        for group in json.loads(line)[outer]
        for resource in [group["resource"]]
        for scope in group[inner]
        for one in scope[records]
    ]


@pytest.fixture(scope="module")
def services(
    cluster: Cluster, hello_image: Image, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Traced]]:
    """hello and orders, each with one pod."""
    if cluster.command("kubectl", "get", "-n", "tracing", "deployment/jaeger").returncode:
        cannot("Jaeger in the cluster", "`python -m lab add tracing` brings it", "Jaeger")
    namespace, words = f"e2e-traced-{os.getpid()}", secrets.token_hex(3)
    make_namespace(cluster, namespace)
    with orders.database() as database:
        folders = {name: tmp_path_factory.mktemp(name) for name in ("hello", "orders")}
        first = ToolProject(folders["hello"], cluster, namespace, hello_image)
        second = ToolProject(folders["orders"], cluster, namespace, orders.image())
        made = {
            "hello": Traced(first, f"hello-{words}", "/"),
            "orders": Traced(second, f"orders-{words}", "/orders?count=1"),
        }
        try:
            made["hello"].write(first.hello())
            made["hello"].up()
            config = {"config": {"BROKER_URL": orders.NOWHERE}}
            made["orders"].write(second.base() | config | {"secrets": {"keys": ["DATABASE_URL"]}})
            value = database.first
            told = second.morrow("secrets", "set", "test", "DATABASE_URL", stdin=value)
            assert told.code == 0, told
            made["orders"].up()
            yield made
        finally:
            cluster.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("name", ["hello", "orders"])
def test_no_span_is_lost_of_a_pod_that_is_stopped_under_load(
    services: dict[str, Traced], name: str
) -> None:
    one = services[name]
    old, answered, done = one.pods(), list[str](), threading.Event()

    def go_on() -> None:
        while not done.is_set() or len(answered) < REQUESTS:
            trace, status = one.ask()
            if status == 200:
                answered.append(trace)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(go_on)
        eventually("half of them", lambda: len(answered) >= REQUESTS // 2, within=300)
        told = time.time()
        one.stop()  # under load, and another pod takes its place
        done.set()
    one.stop()
    assert len(answered) >= REQUESTS
    eventually("Jaeger", lambda: set(answered) <= one.traces().keys(), within=30, every=1)
    taken = [
        (span, resource["k8s.pod.name"])
        for span, resource in collected("spans", "resourceSpans", "scopeSpans", "spans")
        if resource["service.name"] == one.name
    ]
    assert set(answered) <= {span["traceId"] for span, _ in taken}
    (pod,) = (word.removeprefix("pod/") for word in old)
    late = [s for s, of in taken if of == pod and int(s["endTimeUnixNano"]) > told * 1e9]
    print(f"{name}: 0 of {len(answered)} lost, {len(late)} of them answered in its drain")
    record(f"spans-{name}", {"lost": 0, "of": len(answered), "in_drain": len(late)})
    assert late, "it was asked while it drained"


def test_control_a_pod_that_is_killed_loses_its_spans(services: dict[str, Traced]) -> None:
    one = services["hello"]
    eventually("a new pod", lambda: one.ask()[1] == 200, within=60)
    killed = {trace for trace, status in (one.ask() for _ in range(100)) if status == 200}
    (pod,) = (word.removeprefix("pod/") for word in one.pods())
    for pid in cgroups.processes():
        file = Path(f"/proc/{pid}/environ")
        if file.exists() and f"HOSTNAME={pod}\0".encode() in file.read_bytes():
            os.kill(pid, signal.SIGKILL)
    eventually("it serves again", lambda: one.ask()[1] == 200, within=60)
    one.stop()
    assert len(killed) > 90
    assert not killed & one.traces().keys()


def test_an_exemplar_leads_to_its_trace_in_jaeger(
    cluster: Cluster, services: dict[str, Traced]
) -> None:
    needs_monitoring(cluster)
    one = services["hello"]
    up = f'up{{namespace="{one.project.namespace}",container="{one.name}"}} == 1'
    eventually("Prometheus asks it", lambda: bool(asked(cluster, up)), within=120, every=1)
    asks = [one.ask() for _ in range(50)]
    assert {status for _, status in asks} == {200}

    series = f'http_server_request_duration_seconds_bucket{{container="{one.name}"}}'
    words = urlencode({"query": series, "start": time.time() - 60, "end": time.time() + 60})

    def exemplars() -> dict[str, float]:
        path = f"v1/query_exemplars?{words}"
        told = json.loads(proxied(cluster, "monitoring", "prometheus-operated:9090", path))
        every = [one for series in told["data"] for one in series["exemplars"]]
        return {one["labels"]["trace_id"]: float(one["value"]) for one in every}

    asked_for = {trace for trace, _ in asks}
    eventually("an exemplar", lambda: bool(asked_for & exemplars().keys()), within=60, every=1)
    trace, seconds = next((t, s) for t, s in exemplars().items() if t in asked_for)
    one.stop()  # sends its spans
    path = f"traces/{trace}"
    (whole,) = json.loads(proxied(cluster, "tracing", "jaeger:16686", path))["data"]
    (span,) = whole["spans"]
    assert span["operationName"] == "GET /"
    assert abs(span["duration"] / 1e6 - seconds) < 0.05


def test_an_error_s_line_is_read_from_the_node_with_its_trace(services: dict[str, Traced]) -> None:
    """The broker is away: the order is taken, and its line says what failed."""
    one = services["orders"]
    eventually("a new pod", lambda: one.ask()[1] == 200, within=60)
    trace, status = one.ask("/orders", {"item": "tea", "quantity": 1})
    assert status == 201

    def lines() -> list[tuple[Any, dict[str, Any]]]:
        every = collected("logs", "resourceLogs", "scopeLogs", "logRecords")
        return [
            (line, of) for line, of in every
            if line.get("traceId") == trace and line["severityText"] == "error"
        ]  # fmt: skip

    eventually("the line", lambda: bool(lines()), within=30)
    line, of = lines()[0]
    assert of["k8s.namespace.name"] == one.project.namespace
    assert of["k8s.container.name"] == one.name
    assert line["severityNumber"] == 17
