"""Debian's Prometheus over a running hello: the chart's rules in it, and the labels of a monitor.

A stand-in: what the kubelet and kube-state-metrics would say comes from a page of this file.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import yaml

from tests.chart.promtool import groups
from tests.serving import asking, serving
from tests.unit.frame.skips import cannot
from tests.unit.kit.served import HELLO, PATHS, served

T = TypeVar("T")
APP = """
from hello.app import service

@service.check("database", every=1)
def database() -> None:
    pass

@service.pool("database")
def connections() -> tuple[int, int]:
    return 1, 4
"""
LABELS = {"namespace": "somewhere", "container": "shop"}
OF_POD = 'namespace="somewhere",container="shop",pod="shop-1"'
STAND_IN = f"""
container_memory_working_set_bytes{{{OF_POD}}} 5e7
container_cpu_usage_seconds_total{{{OF_POD}}} %f
kube_pod_container_resource_limits{{{OF_POD},resource="memory"}} 268435456
kube_pod_container_resource_requests{{{OF_POD},resource="cpu"}} 0.1
kube_pod_container_status_restarts_total{{{OF_POD}}} 0
"""


class Kubelet(BaseHTTPRequestHandler):
    """The stand-in's page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")  # Prometheus 3 reads no page without one
        self.end_headers()
        self.wfile.write((STAND_IN % time.process_time()).encode())

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def configuration(admin_ports: Sequence[int], stand_in: str, alertmanager: str = "") -> str:
    own: list[dict[str, Any]] = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {**LABELS, "pod": f"shop-{number}"}}
        for number, port in enumerate(admin_ports, 1)
    ]
    # As StatefulSets have it: a pod of the same name in another namespace.
    twin = {**own[0], "labels": {**own[0]["labels"], "namespace": "elsewhere"}}
    jobs = [
        {"job_name": "pods", "static_configs": [*own, twin]},
        {
            "job_name": "cluster",
            "honor_labels": True,
            "static_configs": [{"targets": [stand_in]}],
        },
    ]
    head = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}}
    there = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    rules = {"rule_files": ["rules.yaml"], "alerting": {"alertmanagers": there}}
    return yaml.safe_dump({**head, **rules, "scrape_configs": jobs})


def asked(url: str, query: str) -> list[object]:
    try:
        whole = f"{url}/api/v1/query?query={quote(query)}"
        with urllib.request.urlopen(whole, timeout=10) as answer:  # noqa: S310 - http
            found: list[object] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []  # it starts


@contextmanager
def monitored(folder: Path) -> Iterator[str]:
    """Run two pods of two versions; give Prometheus' address once there is something to see."""
    program = shutil.which("prometheus")
    if program is None:
        cannot("the dashboards' data", "Debian's package prometheus is missing", "promtool")
    (folder / "app.py").write_text(APP)
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups(speed=60)}))
    path = ":".join([str(folder), *PATHS])
    with (
        serving(Kubelet) as stand_in,
        served("app:service", **HELLO, PYTHONPATH=path, MORROW_RELEASE="1.4.2") as old,
        served("app:service", **HELLO, PYTHONPATH=path, MORROW_RELEASE="1.4.3") as new,
        asking(old.get, "/", "/nothing", pause=0.02),
        asking(new.get, "/", "/nothing", pause=0.02),
    ):
        (folder / "prometheus.yaml").write_text(
            configuration([old.admin_port, new.admin_port], stand_in)
        )
        with prometheus(program, folder) as url:
            soon(lambda: asked(url, "ALERTS{alertstate='firing'}"), "an alert")
            soon(lambda: asked(url, "service:request_errors:budget_left > 0"), "the budget")
            yield url


@contextmanager
def prometheus(program: str, folder: Path, *more: str) -> Iterator[str]:
    words = [program, f"--config.file={folder}/prometheus.yaml", *more]
    words += [f"--storage.tsdb.path={folder}/db"]
    log = (folder / "prometheus.log").open("w")
    running = subprocess.Popen([*words, "--web.listen-address=127.0.0.1:0"], stdout=log, stderr=log)

    def listening() -> str:
        text = (folder / "prometheus.log").read_text()
        assert running.poll() is None, text
        return text.partition("Listening on")[2].partition("address=")[2].split("\n")[0].strip()

    try:
        yield f"http://{soon(listening, 'Prometheus')}"
    finally:
        running.terminate()
        running.wait(20)
        log.close()


def soon(true: Callable[[], T], what: str) -> T:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited 180 s for {what}")
