"""A real PostgreSQL for a test, with two users that take turns, and a service with a pool.

Nothing of it is root's, and all of it is below the test's own folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from apps.orders.backing import MissingError, postgres
from tests.ports import free_port
from tests.unit.frame.skips import cannot
from tests.unit.tool import sealing
from tests.unit.tool.command import MAIN, Told
from tests.unit.tool.local_service import LocalService
from tests.unit.tool.sealing import Identity
from tools.cache import UnavailableError
from tools.environments import BASE_PYTHON, environment

ROOT = Path(__file__).resolve().parents[3]
USERS = ("shop_a", "shop_b")
# What a team would do by hand, once; the first user serves from the first day.
ROLES = (
    "alter system set log_statement = 'all'",
    "select pg_reload_conf()",
    "set log_statement = 'all'",  # in this session at once: the reload takes its time
    "create role keeper login createrole password 'keeper-word'",
    "create role shop nologin",
    "create role shop_a login password 'first-word' in role shop",
    "create role shop_b nologin in role shop",
    "alter role shop_a set role = shop",
    "alter role shop_b set role = shop",
    "grant create on schema public to shop",
)
# Its pool is full, and each of its connections is made anew every other second.
SERVICE = """
from psycopg_pool import ConnectionPool
from morrow import Service, Settings, Url

class ShopSettings(Settings):
    database_url: Url

def create_app(settings):
    url = settings.database_url.reveal()
    pool = ConnectionPool(url, min_size=2, max_size=2, max_lifetime=2, timeout=10, open=True)
    pool.wait(10)
    def app(environ, start_response):
        with pool.connection() as connection:
            user = connection.execute("select session_user").fetchone()[0]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [user.encode()]
    return app

service = Service(create_app, ShopSettings)
"""


def packages() -> str:
    """Return where psycopg and its pool are: in the environment of orders."""
    try:
        programs = environment(BASE_PYTHON, ROOT / "requirements" / "orders.txt")
    except UnavailableError as problem:
        cannot("rotation of a database's users", str(problem))
    (found,) = programs.parent.glob("lib/python*/site-packages")
    return str(found)


@dataclass(frozen=True)
class Database:
    """The server, and how its owner asks it."""

    host: str
    port: int
    owner: str  # a URL with its password
    log: Path
    packages: str

    @property
    def keeper(self) -> str:
        """The administrator's URL: one that may change users, and no more."""
        return f"postgresql://keeper:keeper-word@{self.host}:{self.port}/postgres"

    @property
    def first(self) -> str:
        """The value that the service begins with."""
        return f"postgresql://shop_a:first-word@{self.host}:{self.port}/postgres"

    def ask(self, *queries: str) -> list[str]:
        """Ask as the owner; return the first column of what is answered."""
        done = subprocess.run(
            [sys.executable, "-c", ASK, *queries],
            env={**os.environ, "PYTHONPATH": self.packages, "OWNER": self.owner},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    @contextmanager
    def session(self, url: str) -> Iterator[None]:
        """Hold a session, as somebody else's program would."""
        child = subprocess.Popen(
            [sys.executable, "-c", HOLD],
            env={**os.environ, "PYTHONPATH": self.packages, "HELD": url},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield
        finally:
            child.communicate("\n", timeout=30)

    def may_log_in(self) -> list[str]:
        """Name those of the two users who may."""
        return self.ask(
            "select rolname from pg_roles where rolcanlogin and rolname like 'shop__' order by 1"
        )


HOLD = """
import os, psycopg
with psycopg.connect(os.environ["HELD"]):
    print("held", flush=True)
    input()
"""
ASK = """
import os, sys, psycopg
with psycopg.connect(os.environ["OWNER"], autocommit=True) as connection:
    for query in sys.argv[1:]:
        cursor = connection.execute(query)
        print(*(row[0] for row in (cursor.fetchall() if cursor.description else ())))
"""


@contextmanager
def database(host: str = "127.0.0.1") -> Iterator[Database]:
    """Run one; a test on a machine without it is skipped."""
    where = packages()
    # Below /tmp: where the tests are root's, the database is another user's.
    with tempfile.TemporaryDirectory(prefix="rotation-") as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o711)
        try:
            with postgres(home / "database", port, host) as owner:
                made = Database(host, port, owner, home / "database" / "postgres.log", where)
                made.ask(*ROLES)
                yield made
        except MissingError as problem:
            pytest.skip(str(problem))


class Shop(LocalService):
    """A service on this machine whose secret is the database's URL; sealed for `who`, if any."""

    def __init__(self, folder: Path, of: Database, who: Identity | None = None) -> None:
        self.of, self.who, self.administrator = of, who, of.keeper
        super().__init__(folder)
        if who is not None:
            sealing.rule(folder, who.recipient)

    @property
    def settings(self) -> Path:
        return self.folder / "environments" / "local.yaml"

    def write(self, *words: str, **more: str) -> None:  # type: ignore[override]
        super().write(*words, **more)  # type: ignore[arg-type]
        (self.folder / "source" / "shop.py").write_text(SERVICE)
        users = ", ".join(USERS)
        rotation = f"rotation: {{kind: postgres-alternating, key: DATABASE_URL, users: [{users}]}}"
        text = self.settings.read_text().replace("API_TOKEN]", f"DATABASE_URL], {rotation}")
        if self.who is not None:
            text = text.replace("provider: generated", "provider: sops")
        lines = [line for line in text.splitlines(True) if "config:" not in line]
        self.settings.write_text("".join(line for line in lines if "GREETING" not in line))

    @property
    def variables(self) -> dict[str, str]:
        path = os.pathsep.join((str(ROOT / "src"), self.of.packages))
        login = {"MORROW_POSTGRES_ADMIN": self.administrator} if self.administrator else {}
        opens = sealing.variables(self.who) if self.who is not None else {}
        return {**opens, "PYTHONPATH": path, **login}

    def morrow(self, *words: str, main: str = MAIN, stdin: str = "", **variables: str) -> Told:
        given = {**self.variables, **variables}
        return super().morrow(*words, main=main, stdin=stdin, **given)

    def begin(self) -> None:
        """Serve with the first user."""
        told = self.morrow("secrets", "set", "local", "DATABASE_URL", stdin=self.of.first)
        assert told.code == 0, told
        up = self.morrow("up", "local")
        assert (up.code, self.get()) == (0, "shop_a"), up


@contextmanager
def shop(folder: Path, of: Database, provider: str = "generated") -> Iterator[Shop]:
    """One that serves; it is taken down at the end."""
    who = sealing.identity(folder / "me.txt") if provider == "sops" else None
    made = Shop(folder / "project", of, who)
    try:
        made.begin()
        yield made
    finally:
        if made.processes():
            made.morrow("down", "local")
    assert made.processes() == []


@dataclass
class Asked:
    """What those saw who asked a service all the while."""

    users: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@contextmanager
def asking(service: LocalService, pause: float = 0.02) -> Iterator[Asked]:
    """Ask a service all the while, from three threads."""
    asked, ends = Asked(), threading.Event()

    def ask() -> None:
        while not ends.wait(pause):
            try:
                asked.users.append(service.get())
            except (OSError, urllib.error.HTTPError) as error:
                asked.lost.append(f"{time.strftime('%X')} {error}")

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        ends.set()
        for thread in threads:
            thread.join(20)
