"""Secrets of AWS Secrets Manager (moto's: not AWS), by the real External Secrets Operator."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.layout import FOREIGN
from tests.e2e import external_secrets
from tests.e2e.cluster import Cluster, Image, needs_lab
from tests.e2e.external_secrets import Service
from tests.e2e.tool_project import ToolProject
from tests.ports import free_ports

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(900),
    pytest.mark.alone,
    needs_lab("has pods that reach this machine's moto"),
]
CANARY = "canary-88e1-never-shown"
ENTRY = "test/web"


@pytest.fixture(scope="module")
def service(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    assert not FOREIGN
    folder = tmp_path_factory.mktemp("moto")
    with (
        external_secrets.service(folder, free_ports(1)[0]) as made,
        external_secrets.operator(cluster, folder, made.address),
    ):
        yield made


@pytest.fixture
def project(
    tmp_path: Path, cluster: Cluster, namespace: str, hello_image: Image, service: Service
) -> ToolProject:
    made = ToolProject(tmp_path, cluster, namespace, hello_image)
    made.variables |= service.variables
    return made


def values(project: ToolProject, **more: object) -> dict[str, object]:
    secrets = {
        "provider": "external",
        "keys": ["SECRET_KEY", "DB_PASSWORD"],
        "revision": "1",
        "external": {"store": "aws", "key": ENTRY},
        **more,
    }
    return project.hello(secrets=secrets)


def held(project: ToolProject, revision: str) -> dict[str, str]:
    data = project.cluster.get("secret", f"web-{revision}", "-n", project.namespace)["data"]
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


def test_the_life_of_an_entry(project: ToolProject, service: Service) -> None:
    project.write(values(project))
    told = project.morrow("up", "test", "--json")
    assert (told.code, told.problem["code"]) == (2, "store-missing"), told
    project.make(*external_secrets.store())

    told = project.morrow("up", "test", "--json")
    assert told.problem["code"] == "entry-missing", told
    assert external_secrets.REGION in told.problem["cause"]
    kinds = project.kubectl("get", "externalsecrets", "-o", "name")
    assert kinds == "", "what failed is taken away"

    service.ask("create_secret", Name=ENTRY, SecretString=json.dumps({"SECRET_KEY": "a"}))
    told = project.morrow("up", "test", "--json")
    assert (told.problem["code"], "DB_PASSWORD" in told.problem["cause"]) == (
        "property-missing", True,
    ), told  # fmt: skip

    told = project.morrow("secrets", "set", "test", "DB_PASSWORD", stdin=CANARY)
    assert told.code == 0, told
    told = project.morrow("up", "test")
    assert told.code == 0, told
    assert held(project, "2") == {"SECRET_KEY": "a", "DB_PASSWORD": CANARY}
    before = project.ready_pods()

    told = project.morrow("secrets", "rotate", "test", "SECRET_KEY", "--json")
    assert (told.code, told.answer["revision"]) == (0, "3"), told
    assert [pod["revision"] for pod in told.answer["pods"]] == ["3"]
    assert project.ready_pods().isdisjoint(before)
    new = held(project, "3")
    assert (new["DB_PASSWORD"], new["SECRET_KEY"] != "a") == (CANARY, True)
    # moto forgets what is current unless it is asked by the label.
    current = service.ask("get_secret_value", SecretId=ENTRY, VersionStage="AWSCURRENT")
    assert json.loads(current["SecretString"]) == new, "AWSCURRENT is what all pods hold"

    serving = project.ready_pods()
    file = project.folder / "environments" / "test.yaml"
    text = file.read_text()
    gone = text.replace(current["VersionId"], "0" * 36).replace("'3'", "'4'").replace('"3"', '"4"')
    assert gone != text
    file.write_text(gone)
    began = time.monotonic()
    told = project.morrow("up", "test", "--json")
    assert told.problem["code"] == "entry-missing", told
    assert "0" * 36 in told.problem["cause"]
    assert time.monotonic() - began < 300
    assert project.ready_pods() == serving, "the old ones serve"
    file.write_text(text)

    told = project.morrow("rollback", "test", "--json")
    assert told.code == 0, told
    assert held(project, "2")["SECRET_KEY"] == "a"
