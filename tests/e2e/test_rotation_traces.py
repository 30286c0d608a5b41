"""What a rotation in the cluster leaves behind, and whom it touches: no value, and nobody else.

Each program's arguments and variables are taken as it is started (killed.py, which kills nothing
here); the store is an encrypted file, for it has the most places in which a value could stay.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e import killed
from tests.e2e.cluster import ROOT, Cluster, Image
from tests.e2e.pods import restarts
from tests.e2e.tool_project import Told, ToolProject
from tests.unit.tool import sealing

pytestmark = pytest.mark.timeout(900)
CANARY = 'canary-4be7 "never" shown/+é'
SHAPES = {
    "as it is": CANARY,
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "JSON": json.dumps(CANARY)[1:-1],
    "URL": quote(CANARY, safe=""),
}


def shapes(text: str) -> list[str]:
    """Name the shapes in which the canary stands in a text."""
    return [name for name, shape in SHAPES.items() if shape in text]


@pytest.fixture
def project(cluster: Cluster, hello_image: Image, namespace: str, tmp_path: Path) -> ToolProject:
    made = ToolProject(tmp_path / "project", cluster, namespace, hello_image)
    lines = {"chart": ROOT / "chart", "source": ROOT / "apps" / "hello"}
    table = "".join(f'{key} = "{value}"\n' for key, value in lines.items())
    text = f'[tool.morrow]\n{table}settings = "hello.app:HelloSettings"\n'
    (made.folder / "pyproject.toml").write_text(text)
    who = sealing.identity(tmp_path / "me.txt")
    sealing.rule(made.folder, who.recipient)
    made.variables |= sealing.variables(who)
    keys = ["SECRET_KEY", "DB_PASSWORD", "API_BASE_URL"]
    values = made.hello(secrets={"provider": "sops", "keys": keys})
    made.write({key: one for key, one in values.items() if key != "config"})
    return made


def told(project: ToolProject, *words: str, stdin: str = "") -> Told:
    """Run the command with each of its programs written down."""
    log = {
        "KILLED_AT": "^never$",
        "KILLED_WHEN": "before",
        "KILLED_LOG": str(project.folder / "log"),
    }
    done = subprocess.run(
        [sys.executable, "-c", killed.MAIN, *words],
        input=stdin, capture_output=True, text=True, cwd=project.folder, timeout=400, check=False,
        env={**project.environment(), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", **log},
    )  # fmt: skip
    return Told(done.returncode, done.stdout, done.stderr, 0)


def pods(project: ToolProject, name: str) -> dict[str, int]:
    """Return a service's pods, and how often each was started again."""
    which = ("-l", f"app.kubernetes.io/name={name}", "-n", project.namespace)
    items = project.cluster.get("pods", *which)["items"]
    return {pod["metadata"]["uid"]: restarts(pod) for pod in items}


def in_cluster(project: ToolProject) -> dict[str, str]:
    """Return all that the cluster knows of the service but its Secrets' own values."""
    items: list[dict[str, Any]] = json.loads(
        project.kubectl("get", "secrets", "-l", "owner=helm", "-o", "json")
    )["items"]
    packed = [base64.b64decode(base64.b64decode(one["data"]["release"])) for one in items]
    kinds = "deployments,replicasets,pods,configmaps,leases,events"
    return {
        "releases": "".join(gzip.decompress(one).decode() for one in packed),
        "objects": project.kubectl("get", kinds, "-o", "json"),
        "logs": project.kubectl("logs", "-l", "app.kubernetes.io/name=web", "--tail=-1"),
        "notes": project.kubectl("get", "secrets", "-o", "jsonpath={.items[*].metadata}"),
    }


def test_a_rotation_leaves_no_value_and_touches_nobody_else(
    project: ToolProject, tmp_path: Path
) -> None:
    other = ToolProject(tmp_path / "other", project.cluster, project.namespace, project.image)
    theirs = {"provider": "existing", "name": "theirs", "keys": ["TOKEN"]}
    other.write(other.simple(name="other", secrets=theirs))
    project.kubectl("create", "secret", "generic", "theirs", "--from-literal=TOKEN=one")
    assert other.morrow("up", "test").code == 0
    url = "https://api.example.com"
    first = told(project, "secrets", "set", "test", "API_BASE_URL", stdin=url)
    said = [first, told(project, "up", "test", "--show-commands")]
    untouched, mine = pods(project, "other"), pods(project, "web")

    said += [
        told(project, "secrets", "set", "test", "DB_PASSWORD", "--show-commands", stdin=CANARY),
        told(project, "secrets", "rotate", "test", "SECRET_KEY", "--json"),
        told(project, "plan", "test", "--out", "next.plan"),
        told(project, "secrets", "move", "test", "--to", "generated", "--show-commands"),
        told(project, "secrets", "status", "test", "--json"),
    ]
    assert [one.code for one in said] == [0] * len(said), "\n".join(map(str, said))
    # A key beside the one that the other service reads.
    change = json.dumps({"stringData": {"SIBLING": "new"}})
    project.kubectl("patch", "secret", "theirs", "-p", change)
    assert pods(project, "other") == untouched, "no pod of the other service was touched"
    assert not pods(project, "web").keys() & mine.keys(), "the control: its own are new"

    held = project.kubectl("get", "secrets", "-o", "json")
    assert shapes(held) == ["base64"], "the control: the value is there, and is found"
    places = {"said": "".join(f"{one.out}{one.err}" for one in said), **in_cluster(project)}
    for file in (one for one in project.folder.rglob("*") if one.is_file()):
        content = file.read_bytes()
        plain = gzip.decompress(content) if file.suffix == ".plan" else content
        places[file.name] = plain.decode(errors="replace")
    assert {"log", "log.environ", "next.plan", "test.secrets.yaml"} <= places.keys()
    assert "kubectl" in places["log"]
    assert "KUBECONFIG=" in places["log.environ"]
    assert {name: found for name, text in places.items() if (found := shapes(text))} == {}
    for name, shape in SHAPES.items():
        assert name in shapes(f"x{shape}x"), "the control: what is planted is found"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [("DB_PASSWORD", "", "secret-value"), ("API_BASE_URL", "nonsense", "secret-refused")],
    ids=("empty", "wrong type"),
)
def test_a_bad_value_is_named_and_the_old_one_serves(
    project: ToolProject, key: str, value: str, code: str
) -> None:
    good = ("secrets", "set", "test", "API_BASE_URL")
    assert project.morrow(*good, stdin="https://api.example.com").code == 0
    assert project.morrow("up", "test").code == 0
    serving, files = project.ready_pods(), sorted((project.folder / "environments").iterdir())
    before = [file.read_bytes() for file in files]
    said = project.morrow("secrets", "set", "test", key, "--json", stdin=value)
    assert (said.code, said.problem["code"], said.problem["object"]) == (2, code, key), said
    assert [file.read_bytes() for file in files] == before
    assert project.ready_pods() == serving
