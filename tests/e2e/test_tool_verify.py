"""`morrow verify` of a release in the cluster, through the gateway; and what breaks it."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.pods import names, restarts
from tests.e2e.tool_project import Told, ToolProject

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

PYPROJECT = f"""
[tool.morrow]
chart = "{ROOT / "chart"}"
source = "{ROOT / "apps" / "hello"}"
[[tool.morrow.verify.checks]]
path = "/"
text = "Hello, this is a message from your Python app!"
[tool.morrow.verify.change]
LOG_LEVEL = "WARNING"
"""


class Hello:
    """hello, brought up by the tool behind the gateway."""

    def __init__(self, project: ToolProject) -> None:
        self.project = project
        self.host = f"{project.namespace}.{project.cluster.gateway_domain}"
        self.ca = str(project.cluster.ca_file)

    def up(self, *, routed: bool = True) -> None:
        namespace, name = self.project.cluster.gateway.split("/")
        gateway = {"name": name, "namespace": namespace}
        route = {"mode": "gateway", "hosts": [self.host], "gateway": gateway}
        values: dict[str, Any] = {
            "name": "hello",
            "environment": "test",
            "image": {
                "repository": self.project.image.repository,
                "digest": self.project.image.digest,
            },
            "target": {
                "kind": "kubernetes",
                "context": self.project.cluster.context,
                "namespace": self.project.namespace,
                "delivery": "helm",
            },
            "config": {"API_BASE_URL": "https://api.example.com", "LOG_LEVEL": "INFO"}
            | {"MAX_CONNECTIONS": "10"},
            "secrets": {"keys": ["SECRET_KEY", "DB_PASSWORD"]},
            "network": {"ingress": {"gateway": namespace}},
            "rollout": {"minReadySeconds": 1},
            **({"route": route} if routed else {}),
        }
        self.project.write(values)
        done = self.project.morrow("up", "test")
        assert done.code == 0, done
        if routed:
            self.project.cluster.wait_for_route(self.host)

    def verify(self, *words: str) -> Told:
        return self.project.morrow("verify", "test", "--ca-file", self.ca, *words)

    def template(self) -> str:
        """The pods' one template, by its hash."""
        (one,) = {pod["metadata"]["labels"]["pod-template-hash"] for pod in self._pods()}
        return str(one)

    def restarts(self) -> int:
        return sum(map(restarts, self._pods()))

    def pods(self) -> set[str]:
        return names(self._pods())

    def _pods(self) -> list[Any]:
        found: list[Any] = self.project.cluster.get("-n", self.project.namespace, "pods")["items"]
        return found


@pytest.fixture
def hello(cluster: Cluster, namespace: str, hello_image: Image, tmp_path: Path) -> Hello:
    project = ToolProject(tmp_path, cluster, namespace, hello_image)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return Hello(project)


def assert_nothing_lost(told: Told, requests: int) -> None:
    found = told.answer
    assert not (broken := [line for line in found["promises"] if not line["ok"]]), broken
    assert not (lost := found["load"]["failures"]), lost
    assert (told.code, found["load"]["failed"], found["first_broken"]) == (0, 0, None)
    assert found["load"]["requests"] >= requests


def test_verify_through_the_gateway(hello: Hello) -> None:
    hello.up()
    template, pods = hello.template(), hello.pods()
    calm = hello.verify()
    assert calm.code == 0, calm
    assert "✓ every pod runs the same image" in calm.out
    assert "✓ the certificate fits the name" in calm.out
    assert f"https://{hello.host}/" in calm.err

    report = hello.project.folder / "report.html"
    update = hello.verify("--during", "update", "--json", "--report", str(report))
    assert_nothing_lost(update, 1000)
    assert hello.template() == template, "it was taken back"
    assert not hello.pods() & pods, "the control: every pod was replaced"
    assert "promises kept" in report.read_text()

    pods = hello.pods()
    secret = hello.verify("--during", "secret", "--json")
    assert_nothing_lost(secret, 1000)
    assert hello.template() == template
    assert not hello.pods() & pods, "the control: every pod was replaced"
    left = hello.project.kubectl("get", "secrets", "-o", "name")
    assert "-verify" not in left, "the copy is gone"


def test_a_loss_is_seen(hello: Hello) -> None:
    """The control: a Service that leads nowhere for two seconds."""
    hello.up()
    stop = threading.Event()

    def break_it() -> None:
        time.sleep(4)
        for name in ("nobody", "hello"):
            patch = f'{{"spec":{{"selector":{{"app.kubernetes.io/name":"{name}"}}}}}}'
            hello.project.kubectl("patch", "service", "hello", "-p", patch)
            stop.wait(2)

    breaker = threading.Thread(target=break_it)
    breaker.start()
    told = hello.verify("--load", "50", "--for", "15s", "--json")
    stop.set()
    breaker.join()
    assert told.code == 1
    assert told.answer["first_broken"] == "no request is lost under load"
    lost = told.answer["load"]["failures"]
    assert {failure["cause"][:7] for failure in lost} <= {"status-", "timeout"}
    assert 0 < len(lost) < told.answer["load"]["requests"]


def test_without_a_route_a_tunnel_answers_but_bears_no_change(hello: Hello) -> None:
    hello.up(routed=False)
    calm = hello.project.morrow("verify", "test")
    assert calm.code == 0, calm
    assert "through kubectl port-forward to one pod" in calm.err
    refused = hello.project.morrow("verify", "test", "--during", "update", "--json")
    assert (refused.code, refused.problem["code"]) == (2, "verify-no-route")
    listing = subprocess.run(
        ["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True
    ).stdout
    tunnels = [line for line in listing.splitlines() if "port-forward" in line]
    assert not [line for line in tunnels if hello.project.namespace in line], "no tunnel is left"


@pytest.mark.full
@pytest.mark.parametrize("change", ["config", "kill"])
def test_other_changes(hello: Hello, change: str) -> None:
    hello.up()
    template, pods = hello.template(), hello.pods()
    told = hello.verify("--during", change, "--load", "200", "--json")
    assert told.code == 0, told
    assert hello.template() == template
    if change == "config":
        assert_nothing_lost(told, 2000)
        assert not hello.pods() & pods, "the control: every pod was replaced"
    else:
        assert hello.pods() != pods or hello.restarts(), "the control: a pod was killed"
