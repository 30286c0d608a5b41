"""What the tool's tests share: Helm, a project of a test's own, a stand-in for a cluster."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.serving import serving
from tests.unit.tool.git_server import DEV, NOBODYS, OWN, WHO, GitServer
from tests.unit.tool.local_service import LocalService, local_service
from tests.unit.tool.stand_in import LEVEL, StandIn, revision, secret, thing
from tools.build import program

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def helm() -> Path:
    """The pinned Helm."""
    return program("helm")


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose chart is ours and whose environments are two small files."""
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.morrow]\nchart = "{ROOT / "chart"}"\nterraform = "tf"\n'
    )
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "base.yaml").write_text(
        textwrap.dedent(
            """\
            name: shop
            image: {repository: registry.example.com/shop, tag: "1"}
            config:
              LEVEL: INFO
              SIZE: "10"
            """
        )
    )
    (folder / "dev.yaml").write_text(
        textwrap.dedent(
            """\
            environment: dev
            target: {kind: kubernetes, context: dev, namespace: shop-dev, delivery: helm}
            config:
              LEVEL: DEBUG
            """
        )
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Registry(BaseHTTPRequestHandler):
    """Has the image with the tag 1 and no other."""

    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/v2/shop/manifests/1" else 404)
        self.end_headers()


@pytest.fixture
def registry() -> Iterator[str]:
    with serving(Registry) as place:
        yield f"{place}/shop"


@pytest.fixture
def cluster(
    project_folder: Path, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StandIn:
    """A good cluster with the environment `dev` deployed."""
    base = project_folder / "environments" / "base.yaml"
    base.write_text(base.read_text().replace("registry.example.com/shop", registry))
    dev = project_folder / "environments" / "dev.yaml"
    dev.write_text(dev.read_text() + "secrets: {keys: [TOKEN]}\n")
    stand_in = StandIn(tmp_path)
    labels = {LEVEL: "restricted"}
    stand_in.says(
        objects=[
            thing("Namespace", "shop-dev", metadata={"labels": labels}),
            secret("shop-1", TOKEN="x"),
        ],
        history=[revision(1, "deployed")],
    )
    for name, value in stand_in.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MORROW_CONTEXT", raising=False)
    return stand_in


@pytest.fixture
def server(
    cluster: StandIn,
    project_folder: Path,
    helm: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> GitServer:
    """A project whose first release Git has, and a cluster that carries everything."""
    monkeypatch.setenv("MORROW_HELM", str(helm))
    for name, value in {**WHO, **NOBODYS}.items():
        monkeypatch.setenv(name, value)
    cluster.says(history=[], carries=True)
    (project_folder / OWN).write_text(DEV % ("", "DEBUG"))
    (project_folder / "notes.txt").write_text("mine\n")
    made = GitServer(project_folder, tmp_path_factory.mktemp("origin") / "origin.git")
    made.send("All of it")
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[LocalService]:
    """A small service of this machine, in a folder with a space."""
    with local_service(tmp_path / "a project") as made:
        yield made
