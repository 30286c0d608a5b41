"""A project with one small service, run as a process by the command `morrow`."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_ports
from tests.unit.kit.processes import lives
from tests.unit.tool.command import MAIN, Told, morrow

ROOT = Path(__file__).resolve().parents[3]

SERVICE = """
from morrow import Secret, Service, Settings

class ShopSettings(Settings):
    api_token: Secret
    greeting: str

def create_app(settings):
    {start}
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"{answer} " + settings.greeting.encode()]
    return app

service = Service(create_app, ShopSettings)
{more}
"""

PYPROJECT = """
[tool.morrow]
app = "shop:service"
{settings}
chart = "{chart}"
source = "source"

[[tool.morrow.verify.checks]]
path = "/"
text = "{text}"

[tool.morrow.verify.change]
GREETING = "changed"
"""

ENVIRONMENT = """
name: shop
environment: local
image: {{repository: registry.example.com/shop}}
target: {{kind: process}}
ports: {{http: {http}, admin: {admin}}}
config:
  GREETING: "{greeting}"
{more}
secrets: {{provider: generated, revision: "1", keys: [API_TOKEN]}}
"""


class LocalService:
    """The project folder, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "environments").mkdir(parents=True)
        (folder / "source").mkdir()
        self.http, self.admin = free_ports(2)
        self.write()

    def write(
        self,
        answer: str = "one",
        *,
        greeting: str = "hello",
        start: str = "pass",
        more: str = "",
        config: str = "",
        declared: bool = True,
        text: str = "hello",
    ) -> None:
        """Write a version of the service, its settings and its contract."""
        code = SERVICE.format(answer=answer, start=start, more=more)
        (self.folder / "source" / "shop.py").write_text(code)
        settings = 'settings = "shop:ShopSettings"' if declared else ""
        (self.folder / "pyproject.toml").write_text(
            PYPROJECT.format(chart=ROOT / "chart", settings=settings, text=text)
        )
        (self.folder / "environments" / "local.yaml").write_text(
            ENVIRONMENT.format(http=self.http, admin=self.admin, greeting=greeting, more=config)
        )

    @property
    def state(self) -> Path:
        """Where the tool keeps what it knows."""
        return self.folder / ".morrow" / "local"

    def morrow(self, *words: str, main: str = MAIN, stdin: str = "", **variables: str) -> Told:
        """Run the command to its end."""
        return morrow(*words, folder=self.folder, main=main, stdin=stdin, **variables)

    def get(self, port: int | None = None, path: str = "/") -> str:
        """Ask the service."""
        url = f"http://127.0.0.1:{port or self.http}{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def processes(self) -> list[int]:
        """The main processes that were started here and live."""
        return [pid for file in self.state.glob("*/pid") if lives(pid := int(file.read_text()))]


@contextmanager
def local_service(folder: Path) -> Iterator[LocalService]:
    """A project, taken down at the end."""
    made = LocalService(folder)
    try:
        yield made
    finally:
        if made.processes():
            made.morrow("down", "local")
    assert made.processes() == []
